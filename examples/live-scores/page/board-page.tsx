/** All matches of the day. */

import { useEffect, useState } from 'react';
import type { BoardRow, Sport } from '../messages.js';
import { minuteText } from './clock.js';
import { useBoard } from './live.js';
import { hrefOf } from './route.js';
import { isUnderWay, rowsOf } from './rows.js';
import { useSettings } from './settings.js';
import { Crest, Follow } from './team.js';

const titles: Readonly<Record<Sport, string>> = { football: 'Football', basketball: 'Basketball' };
const flashMs = 4_000;

export function BoardPage() {
  const { maxRate } = useSettings();
  const board = useBoard(maxRate);
  const rows = board === undefined ? [] : rowsOf(board);
  const [first] = rows;
  if (first === undefined) return <p className="waiting">The scores are on their way …</p>;
  const numLive = rows.filter(isUnderWay).length;
  return (
    <div className="board">
      <header className="board-head">
        <h1>Matchday {first.day}</h1>
        <p>
          {numLive === 0 ? 'Nothing is being played right now.' : `${numLive} of ${rows.length} under way.`} Star a
          team, and you are told when it scores.
        </p>
      </header>
      {(['football', 'basketball'] as const).map((sport) => (
        <section key={sport} aria-labelledby={sport}>
          <h2 id={sport}>{titles[sport]}</h2>
          <ul className="results">
            {rows
              .filter((row) => row.sport === sport)
              .map((row) => (
                <Result key={row.id} row={row} />
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Result({ row }: { readonly row: BoardRow }) {
  const { id, home, away, score, state, sport, period, minute } = row;
  const flash = useFlash(score);
  return (
    <li className={`result ${state}`}>
      <p className="when">{minuteText({ sport, state, period, second: minute * 60 })}</p>
      <Follow team={home} />
      <a className="tie" href={hrefOf(id)}>
        <span className="name home">
          {home.name} <Crest team={home} />
        </span>
        <span className="score">
          {state === 'soon' ? (
            <span className="versus">v</span>
          ) : (
            <>
              <b className={flash === 0 ? 'scored' : ''}>{score[0]}</b>
              <span className="hidden"> to </span>
              <b className={flash === 1 ? 'scored' : ''}>{score[1]}</b>
            </>
          )}
        </span>
        <span className="name away">
          <Crest team={away} /> {away.name}
        </span>
      </a>
      <Follow team={away} />
    </li>
  );
}

/** Which of both has just changed, for a while. */
function useFlash([home, away]: readonly [number, number]): 0 | 1 | undefined {
  const [last, setLast] = useState({ home, away, changed: undefined as 0 | 1 | undefined });
  if (last.home !== home) setLast({ home, away, changed: 0 });
  else if (last.away !== away) setLast({ home, away, changed: 1 });
  useEffect(() => {
    if (last.changed === undefined) return undefined;
    const timer = setTimeout(() => setLast((now) => ({ ...now, changed: undefined })), flashMs);
    return () => clearTimeout(timer);
  }, [last]);
  return last.changed;
}
