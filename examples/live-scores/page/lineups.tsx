/** Who plays, where, and who waits. */

import { memo } from 'react';
import type { Lineup, Player, Sheet, Side, Team } from '../messages.js';

export const Lineups = memo(function Lineups({ sheet: { sport, home, away, lineups } }: { readonly sheet: Sheet }) {
  return (
    <section className="lineups" aria-labelledby="lineups">
      <h2 id="lineups">Line-ups</h2>
      <svg className={`field ${sport} squads`} viewBox="0 0 105 60" role="img">
        <title>Where the players begin</title>
        <g className="markings">
          <rect x="0" y="0" width="105" height="60" />
          <path d="M52.5 0V60" />
          <circle cx="52.5" cy="30" r="8" />
        </g>
        {(['home', 'away'] as const).map((side) =>
          lineups[side].players
            .filter(({ on }) => on)
            .map((player) => <Shirt key={`${side} ${player.number}`} side={side} player={player} />),
        )}
      </svg>
      <div className="squads">
        <Squad side="home" team={home} lineup={lineups.home} />
        <Squad side="away" team={away} lineup={lineups.away} />
      </div>
    </section>
  );
});

/** Each team in its own half. */
function Shirt({ side, player: { number, x, y, name } }: { readonly side: Side; readonly player: Player }) {
  const along = side === 'home' ? 3 + x * 0.58 : 102 - x * 0.58;
  const across = ((side === 'home' ? y : 100 - y) / 100) * 60;
  return (
    <g className={`shirt ${side}`} style={{ transform: `translate(${along}px, ${across}px)` }}>
      <title>{name}</title>
      <circle r="3" />
      <text y="1.15">{number}</text>
    </g>
  );
}

function Squad({ side, team, lineup }: { readonly side: Side; readonly team: Team; readonly lineup: Lineup }) {
  const waiting = lineup.players.filter(({ on, card }) => !on && card !== 'red');
  return (
    <div className={`squad ${side}`}>
      <h3>
        {team.name} <span>{lineup.formation}</span>
      </h3>
      <ol>
        {lineup.players
          .filter(({ on, card }) => on || card === 'red')
          .map(({ number, name, card, goals }) => (
            <li key={number} className={card === 'red' ? 'off' : ''}>
              <span className="number">{number}</span> {name}
              {goals !== undefined && <span className="tally">{goals}</span>}
              {card !== undefined && <span className={`card ${card}`} role="img" aria-label={`${card} card`} />}
            </li>
          ))}
      </ol>
      <p className="bench">
        <b>Bench</b> {waiting.map(({ name, goals }) => (goals === undefined ? name : `${name} (${goals})`)).join(', ')}
      </p>
    </div>
  );
}
