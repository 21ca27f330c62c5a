/** The field from above, with the ball where it is and where it came from. */

import { memo } from 'react';
import type { Ball, Sport } from '../messages.js';

interface FieldProps {
  readonly sport: Sport;
  readonly balls: readonly Ball[];
  /** How often the ball's place comes: it glides for as long. */
  readonly maxRate: number;
  readonly isLive: boolean;
}

/** Metres of a football pitch; a basketball court is drawn in the same shape. */
const [width, height] = [105, 60];
const longestGlideMs = 900;
/** Of mown grass: one begins at each end of the pitch, and they go on beside it. */
const stripeWidth = width / 15;
const stripes = Array.from({ length: 17 }, (_, at) => (at - 4) * 2 * stripeWidth);

export function Field({ sport, balls, maxRate, isLive }: FieldProps) {
  const newest = balls.at(-1);
  const place = ({ x, y }: Ball) => [(x / 100) * width, (y / 100) * height] as const;
  const [x, y] = newest === undefined ? [width / 2, height / 2] : place(newest);
  const glideMs = Math.min(longestGlideMs, 1_000 / maxRate);
  const trail = balls.map((ball) =>
    place(ball)
      .map((value) => value.toFixed(1))
      .join(' '),
  );
  return (
    <svg className={`field ${sport}${isLive ? '' : ' still'}`} viewBox={`-2 -2 ${width + 4} ${height + 4}`} role="img">
      <title>Where the ball is</title>
      <Markings sport={sport} />
      {newest !== undefined && isLive && (
        <>
          <polyline className={`trail ${newest.side}`} points={trail.join(' ')} />
          <g style={{ transform: `translate(${x}px, ${y}px)`, transition: `transform ${glideMs}ms linear` }}>
            <circle className={`holder ${newest.side}`} r="3.2" />
            <circle className="ball" r="1.5" />
          </g>
        </>
      )}
    </svg>
  );
}

const Markings = memo(function Markings({ sport }: { readonly sport: Sport }) {
  const middle = height / 2;
  if (sport === 'football') {
    return (
      <g className="markings">
        {stripes.map((x) => (
          <rect key={x} className="stripe" x={x} y="-2" width={stripeWidth} height={height + 4} />
        ))}
        <rect x="0" y="0" width={width} height={height} />
        <path d={`M${width / 2} 0V${height}`} />
        <circle cx={width / 2} cy={middle} r="9.15" />
        {[0, width - 16.5].map((x) => (
          <rect key={x} x={x} y={middle - 18} width="16.5" height="36" />
        ))}
        {[0, width - 5.5].map((x) => (
          <rect key={x} x={x} y={middle - 8} width="5.5" height="16" />
        ))}
        {[-1.6, width].map((x) => (
          <rect key={x} className="goal" x={x} y={middle - 4} width="1.6" height="8" />
        ))}
      </g>
    );
  }
  return (
    <g className="markings">
      <rect x="0" y="0" width={width} height={height} />
      <path d={`M${width / 2} 0V${height}`} />
      <circle cx={width / 2} cy={middle} r="6.8" />
      {[0, width - 21].map((x) => (
        <rect key={x} className="paint" x={x} y={middle - 9.5} width="21" height="19" />
      ))}
      <path d={`M0 ${middle - 26}H8A26 26 0 0 1 8 ${middle + 26}H0`} />
      <path d={`M${width} ${middle - 26}H${width - 8}A26 26 0 0 0 ${width - 8} ${middle + 26}H${width}`} />
      <circle className="goal" cx="5.8" cy={middle} r="1.6" />
      <circle className="goal" cx={width - 5.8} cy={middle} r="1.6" />
    </g>
  );
});
