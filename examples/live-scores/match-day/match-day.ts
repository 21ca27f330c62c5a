/** A day of matches: fixtures of two sports that begin at different times, as one sequence of what is to be published. */

import type { Sport } from '../messages.js';
import { BasketballMatch } from './basketball.js';
import { Dice } from './dice.js';
import { FootballMatch } from './football.js';
import type { Batch, Line } from './lines.js';
import type { Moment } from './moment.js';
import { type Fixture, MatchSheet } from './sheet.js';
import { squads } from './squads.js';

/** When they kick off, in seconds of the match day: who comes at its beginning finds some under way. */
const kickOffs: Readonly<Record<Sport, readonly number[]>> = {
  football: [-2_400, -600, -300, 900],
  basketball: [-1_500, 300],
};
const venues = ['Tide Park', 'The Foundry', 'Beacon Road', 'North Terrace', 'Mill Lane', 'Canal Arena', 'The Vaults'];

interface Running {
  readonly sheet: MatchSheet;
  readonly moments: Iterator<Moment>;
  readonly kickOff: number;
  next: Moment | undefined;
}

export function fixturesOf(day: number): (Fixture & { readonly kickOff: number })[] {
  const dice = new Dice(`venues ${day}`);
  return (['football', 'basketball'] as const).flatMap((sport) => {
    const teams = squads(sport, day);
    return kickOffs[sport].flatMap((kickOff, at) => {
      const [home, away] = [teams[2 * at], teams[2 * at + 1]];
      if (home === undefined || away === undefined) return [];
      const id = `${day}-${home.team.code}-${away.team.code}`.toLowerCase();
      const [least, most] = sport === 'football' ? [12_000, 38_000] : [3_000, 9_000];
      return [{ day, id, sport, home, away, kickOff, venue: dice.pick(venues), spectators: dice.whole(least, most) }];
    });
  });
}

/** The moments of one match. */
export function momentsOf({ id, sport, home, away }: Fixture): Generator<Moment> {
  const dice = new Dice(`match ${id}`);
  return sport === 'football'
    ? new FootballMatch(home, away, dice).play()
    : new BasketballMatch(home, away, dice).play();
}

/**
 * In order. Batches with a negative `at` are of matches that had begun before.
 *
 * @param day the same number makes the same day
 */
export function* matchDay(day: number): Generator<Batch> {
  const running = fixturesOf(day).map(({ kickOff, ...fixture }): Running => {
    const moments = momentsOf(fixture);
    return { sheet: new MatchSheet(fixture), moments, kickOff, next: following(moments) };
  });
  const shown = new Map<string, string>();
  /** The rows of the board that say something new. */
  const changedRows = (): Line[] =>
    running.flatMap(({ sheet: { row } }) => {
      const text = JSON.stringify(row);
      if (shown.get(row.id) === text) return [];
      shown.set(row.id, text);
      return [{ channel: 'board:today', key: row.id, data: row }];
    });
  const document = ({ sheet }: Running): Line => ({ channel: `match:${sheet.fixture.id}`, data: sheet.document });
  const begin = Math.min(...running.map(({ kickOff }) => kickOff)) - 1;
  yield { at: begin, lines: [...running.map(document), ...changedRows()] };
  for (;;) {
    const at = Math.min(...running.map(dueAt));
    if (at === Number.POSITIVE_INFINITY) return;
    const lines: Line[] = [];
    for (const match of running) {
      let hasChanged = false;
      while (match.next !== undefined && dueAt(match) === at) {
        const taken = match.sheet.take(match.next);
        lines.push(...taken.lines);
        hasChanged ||= taken.hasChanged;
        match.next = following(match.moments);
      }
      if (hasChanged) lines.push(document(match));
    }
    yield { at, lines: [...lines, ...changedRows()] };
  }
}

function following(moments: Iterator<Moment>): Moment | undefined {
  const { done, value } = moments.next();
  return done === true ? undefined : value;
}

/** Whole seconds: what happens in one leaves together. */
function dueAt({ kickOff, next }: Running): number {
  return next === undefined ? Number.POSITIVE_INFINITY : kickOff + Math.floor(next.at);
}
