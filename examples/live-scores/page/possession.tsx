/** Possession: the home team's share so far, as it went. */

import { memo } from 'react';
import type { Team } from '../messages.js';
import { sharePaths } from './charts.js';

interface PossessionProps {
  readonly shares: readonly number[];
  readonly home: Team;
  readonly away: Team;
}

const width = 200;

export const Possession = memo(function Possession({ shares, home, away }: PossessionProps) {
  const share = shares.at(-1) ?? 50;
  const { line, area } = sharePaths(shares, width);
  return (
    <figure className="chart possession">
      <figcaption>
        <h2>Possession</h2>
        <p>
          <b className="home">{share}%</b> {home.code} <span aria-hidden="true">·</span> {away.code}{' '}
          <b className="away">{100 - share}%</b>
        </p>
      </figcaption>
      <svg viewBox={`0 0 ${width} 100`} preserveAspectRatio="none" role="img">
        <title>The share of possession, as it went</title>
        <rect className="away" width={width} height="100" />
        <path className="home" d={area} />
        <path className="half" d={`M0 50H${width}`} />
        <path className="edge" d={line} />
      </svg>
    </figure>
  );
});
