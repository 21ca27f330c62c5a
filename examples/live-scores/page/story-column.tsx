/** The column with the story of a match: events and commentary, newest first. */

import { useState } from 'react';
import type { Sport, Team } from '../messages.js';
import { eventMinute } from './clock.js';
import { type Said, type Told, useCommentary, useEvents } from './live.js';
import { isKey, story } from './timeline.js';

interface StoryProps {
  readonly id: string;
  readonly sport: Sport;
  readonly home: Team;
  readonly away: Team;
}

export function StoryColumn({ id, sport, home, away }: StoryProps) {
  const events = useEvents(id);
  const comments = useCommentary(id);
  const [onlyKeys, setOnlyKeys] = useState(false);
  const entries = story(events, comments, onlyKeys);
  return (
    <section className="story" aria-labelledby="story">
      <header>
        <h2 id="story">The story</h2>
        <label>
          <input type="checkbox" checked={onlyKeys} onChange={(event) => setOnlyKeys(event.target.checked)} /> Key
          moments
        </label>
      </header>
      {entries.length === 0 && <p className="quiet">Nothing has happened yet.</p>}
      <ol>
        {entries.map((entry) =>
          entry.kind === 'event' ? (
            <EventLine key={entry.event.key} event={entry.event} sport={sport} home={home} away={away} />
          ) : (
            <CommentLine key={entry.comment.key} comment={entry.comment} />
          ),
        )}
      </ol>
    </section>
  );
}

const signs: Readonly<Record<string, string>> = {
  goal: '●',
  yellow: '▮',
  red: '▮',
  substitution: '⇄',
  corner: '◤',
  save: '◠',
  penalty: '◎',
  dunk: '▼',
};

function EventLine({ event, sport, home, away }: { readonly event: Told } & Omit<StoryProps, 'id'>) {
  const { kind, side, period, second, text, score } = event;
  const team = side === undefined ? undefined : side === 'home' ? home : away;
  return (
    <li className={`entry ${kind}${isKey(event) ? ' key' : ''} ${side ?? 'both'}`}>
      <span className="when">{eventMinute(sport, period, second)}</span>
      <span className="sign" aria-hidden="true" title={team?.name}>
        {signs[kind] ?? ''}
      </span>
      <p>
        {text}
        {score !== undefined && side !== undefined && (
          <b className="stand">
            {score[0]}–{score[1]}
          </b>
        )}
      </p>
    </li>
  );
}

function CommentLine({ comment: { text, author } }: { readonly comment: Said }) {
  return (
    <li className="entry comment">
      <p>
        {text} <cite>{author}</cite>
      </p>
    </li>
  );
}
