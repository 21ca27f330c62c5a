/** A team in small: its colours, its name, and the star with which a reader follows it. */

import type { CSSProperties } from 'react';
import type { Team } from '../messages.js';
import { useSettings } from './settings.js';

/** For an element in which charts and bars have the colours of both teams. */
export function colours(home: Team, away: Team): CSSProperties {
  // safe: custom properties, which the type does not know
  return {
    '--home-colour': home.colour,
    '--home-ink': home.ink,
    '--away-colour': away.colour,
    '--away-ink': away.ink,
  } as CSSProperties;
}

export function Crest({ team, isLarge = false }: { readonly team: Team; readonly isLarge?: boolean }) {
  return (
    <span
      className={isLarge ? 'crest large' : 'crest'}
      style={{ background: team.colour, color: team.ink }}
      aria-hidden="true"
    >
      {team.code.slice(0, isLarge ? 3 : 1)}
    </span>
  );
}

export function Follow({ team }: { readonly team: Team }) {
  const { followed, toggle } = useSettings();
  const isFollowed = followed.includes(team.code);
  return (
    <button
      type="button"
      className="follow"
      aria-pressed={isFollowed}
      aria-label={`Tell me about ${team.name}`}
      title={isFollowed ? `You are told about ${team.name}` : `Tell me about ${team.name}`}
      onClick={() => toggle(team.code)}
    >
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <path d="m10 2.6 2.3 4.8 5.2.7-3.8 3.6.9 5.2-4.6-2.5-4.6 2.5.9-5.2L2.5 8.1l5.2-.7z" />
      </svg>
    </button>
  );
}
