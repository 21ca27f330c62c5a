/** Momentum: who pressed, minute by minute. */

import { memo } from 'react';
import type { Sport, Team } from '../messages.js';
import { chartLength, momentumBars } from './charts.js';

interface MomentumProps {
  readonly values: readonly number[];
  readonly sport: Sport;
  readonly home: Team;
  readonly away: Team;
}

/** Values of a match without stoppage or overtime. */
const usual: Readonly<Record<Sport, number>> = { football: 90, basketball: 80 };

export const Momentum = memo(function Momentum({ values, sport, home, away }: MomentumProps) {
  const length = chartLength(values.length, usual[sport]);
  return (
    <figure className="chart">
      <figcaption>
        <h2>Momentum</h2>
        <p>
          <span className="key home">{home.code} above</span> <span className="key away">{away.code} below</span>
        </p>
      </figcaption>
      <svg viewBox={`0 0 ${length} 200`} preserveAspectRatio="none" role="img">
        <title>Who pressed, minute by minute</title>
        <path className="axis" d={`M0 100H${length}`} />
        <path className="half" d={`M${usual[sport] / 2} 0V200`} />
        {momentumBars(values).map(({ x, y, height, isHome }) => (
          <rect key={x} className={isHome ? 'home' : 'away'} x={x + 0.12} y={y} width="0.76" height={height} />
        ))}
      </svg>
    </figure>
  );
});
