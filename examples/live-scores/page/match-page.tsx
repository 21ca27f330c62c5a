/** One match: the score, the field, the charts, the story, the figures and who plays. */

import type { Sheet } from '../messages.js';
import { clockText } from './clock.js';
import { Field } from './field.js';
import { Figures } from './figures.js';
import { Lineups } from './lineups.js';
import { useBalls, useMatch } from './live.js';
import { Momentum } from './momentum.js';
import { Possession } from './possession.js';
import { useSettings } from './settings.js';
import { StoryColumn } from './story-column.js';
import { Crest, colours, Follow } from './team.js';

export function MatchPage({ id }: { readonly id: string }) {
  const sheet = useMatch(id);
  if (sheet === undefined) return <p className="waiting">The match is on its way …</p>;
  const { sport, home, away, momentum, possession } = sheet;
  return (
    <article className="match" style={colours(home, away)} aria-label={`${home.name} against ${away.name}`}>
      <Played id={id} sheet={sheet} />
      <div className="columns">
        <div className="left">
          <div className="charts">
            <Momentum values={momentum} sport={sport} home={home} away={away} />
            <Possession shares={possession} home={home} away={away} />
          </div>
          <Figures rows={sheet.stats} />
          <Lineups sheet={sheet} />
        </div>
        <StoryColumn id={id} sport={sport} home={home} away={away} />
      </div>
    </article>
  );
}

/** What changes many times a second is here, so that nothing else is drawn so often. */
function Played({ id, sheet }: { readonly id: string; readonly sheet: Sheet }) {
  const { maxRate } = useSettings();
  const balls = useBalls(id, maxRate);
  const { sport, home, away, venue, spectators, score, state, period, periods } = sheet;
  const newest = balls.at(-1);
  // The document has the time of what happened last; the ball that of this moment.
  const second = state === 'live' ? Math.max(sheet.second, newest?.second ?? 0) : sheet.second;
  return (
    <>
      <header className="hero">
        <p className="place">
          {venue}, {spectators.toLocaleString('en')} spectators
        </p>
        <h1>
          <span className="club home">
            <Crest team={home} isLarge />
            <span className="name">{home.name}</span>
            <Follow team={home} />
          </span>
          <span className="goals">
            <b>{score[0]}</b>
            <span className="hidden"> to </span>
            <b>{score[1]}</b>
          </span>
          <span className="club away">
            <Crest team={away} isLarge />
            <span className="name">{away.name}</span>
            <Follow team={away} />
          </span>
        </h1>
        <p className={`clock ${state}`} role="timer" aria-live="off">
          {clockText({ sport, state, period, second })}
        </p>
        {sport === 'basketball' && (
          <p className="periods">
            {periods.map(([homePoints, awayPoints]) => `${homePoints}:${awayPoints}`).join('  ·  ')}
          </p>
        )}
      </header>
      <Field sport={sport} balls={balls} maxRate={maxRate} isLive={state === 'live'} />
    </>
  );
}
