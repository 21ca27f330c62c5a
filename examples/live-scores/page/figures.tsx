/** The figures of both teams, side by side. */

import { memo } from 'react';
import type { Sheet } from '../messages.js';

export const Figures = memo(function Figures({ rows }: { readonly rows: Sheet['stats'] }) {
  return (
    <section className="figures" aria-labelledby="figures">
      <h2 id="figures">Figures</h2>
      <dl>
        {rows.map(([name, home, away]) => (
          <div key={name} className="figure">
            <dt>{name}</dt>
            <dd className="home">{home}</dd>
            <dd className="away">{away}</dd>
            <dd className="bars" aria-hidden="true">
              <i className="home" style={{ width: `${share(home, away)}%` }} />
              <i className="away" style={{ width: `${share(away, home)}%` }} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
});

/** Of the half that a bar has for itself. */
function share(own: number, other: number): number {
  return own + other === 0 ? 0 : (100 * own) / (own + other);
}
