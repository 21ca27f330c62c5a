/** What the reader has asked to be told: of followed teams, at the foot of every page. */

import { type ReactNode, useEffect, useState } from 'react';
import { useAlerts } from './live.js';
import { hrefOf } from './route.js';
import { Crest } from './team.js';

const shownMs = 12_000;

export function AlertStack({ followed }: { readonly followed: readonly string[] }) {
  const alerts = useAlerts(followed);
  return (
    <ol className="alerts" aria-live="polite">
      {alerts.map(({ key, match, home, away, side, text, score }) => (
        <Fading key={key}>
          <a href={hrefOf(match)}>
            <Crest team={side === 'away' ? away : home} />
            <span>
              <b>
                {home.name} <span className="stand">{score?.join('–')}</span> {away.name}
              </b>
              {text}
            </span>
          </a>
        </Fading>
      ))}
    </ol>
  );
}

/** Goes away by itself. */
function Fading({ children }: { readonly children: ReactNode }) {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsOver(true), shownMs);
    return () => clearTimeout(timer);
  }, []);
  return isOver ? null : <li>{children}</li>;
}
