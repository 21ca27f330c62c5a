/** Match days of seeds: the same again, in order, valid, and plausible as the sports are. */

import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { scoreChannels } from '../channels.js';
import type { BoardRow, MatchEvent, Sheet } from '../messages.js';
import { type Batch, caughtUp, type Line } from './lines.js';
import { fixturesOf, matchDay, momentsOf } from './match-day.js';
import type { EventMoment, Moment } from './moment.js';

const day = [...matchDay(1)];
const linesOf = (batches: readonly Batch[]) => batches.flatMap(({ lines }) => lines);

/** The schema of the channel that a line is for. */
function schemaOf({ channel }: Line) {
  const found = Object.entries(scoreChannels).find(([pattern]) => pattern.split(':')[0] === channel.split(':')[0]);
  const schema = found?.[1].options.message;
  if (schema === undefined) throw new Error(`no channel for ${channel}`);
  return schema;
}

// safe, all three: what the simulator has put there
const rowsOf = (lines: readonly Line[]) =>
  new Map(lines.filter(({ channel }) => channel === 'board:today').map(({ key, data }) => [key, data as BoardRow]));
const sheetOf = (lines: readonly Line[], id: string) =>
  lines.findLast(({ channel }) => channel === `match:${id}`)?.data as Sheet;
const eventsOf = (lines: readonly Line[], id: string) =>
  lines.filter(({ channel }) => channel === `events:${id}`).map(({ data }) => data as MatchEvent);

describe('a match day', () => {
  it('is the same with the same number, and another with another', () => {
    expect(JSON.stringify([...matchDay(1)])).toBe(JSON.stringify(day));
    expect(JSON.stringify([...matchDay(2)])).not.toBe(JSON.stringify(day));
  });

  it('is in order, and begins with matches that are under way', () => {
    const times = day.map(({ at }) => at);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    const rows = rowsOf(caughtUp(day.filter(({ at }) => at < 0)));
    const states = [...rows.values()].map(({ state }) => state);
    expect(states).toContain('live');
    expect(states).toContain('soon');
    expect(states).toHaveLength(6);
  });

  it('has only what its channels take', () => {
    const refused = linesOf(day).flatMap((line) => {
      const outcome = v.safeParse(schemaOf(line), line.data);
      const isSame = outcome.success && isDeepStrictEqual(outcome.output, line.data);
      return isSame ? [] : [`${line.channel}: ${outcome.issues?.[0]?.message ?? 'changed'}`];
    });
    expect(refused).toEqual([]);
  });

  it('agrees with itself: events, periods, players, score and board say the same', () => {
    const lines = linesOf(day);
    const rows = rowsOf(lines);
    for (const { id, sport } of fixturesOf(1)) {
      const { score, state, periods, lineups } = sheetOf(lines, id);
      expect(state).toBe('over');
      const sums = [0, 1].map((side) => periods.reduce((sum, period) => sum + (period[side] ?? 0), 0));
      expect(sums).toEqual(score);
      expect(rows.get(id)).toMatchObject({ score, state: 'over' });
      const events = eventsOf(lines, id);
      expect(events.at(-1)).toMatchObject({ kind: 'end', score });
      const players = [...lineups.home.players, ...lineups.away.players];
      expect(players.reduce((sum, player) => sum + (player.goals ?? 0), 0)).toBe(score[0] + score[1]);
      expect(players.filter(({ on }) => on).length).toBeLessThanOrEqual(sport === 'football' ? 22 : 10);
      if (sport === 'basketball') expect(score[0]).not.toBe(score[1]);
      else {
        expect(events.filter(({ kind }) => kind === 'goal')).toHaveLength(score[0] + score[1]);
        // safe: what is in this channel
        const alerts = lines.filter(
          ({ channel, data }) => channel === 'alerts' && (data as { match: string }).match === id,
        );
        expect(alerts.filter(({ tags }) => tags?.kind === 'goal')).toHaveLength(score[0] + score[1]);
      }
    }
  });

  it('is caught up with at any moment: of states the newest, of events all', () => {
    for (const at of [-1_000, 0, 1_500, 5_000]) {
      const before = day.filter((batch) => batch.at < at);
      const lines = linesOf(before);
      const now = caughtUp(before);
      const states = now.filter(({ channel }) => /^(board|match|ball):/.test(channel));
      expect(new Set(states.map(({ channel, key }) => `${channel} ${key}`)).size).toBe(states.length);
      for (const state of states) {
        const newest = lines.findLast(({ channel, key }) => channel === state.channel && key === state.key);
        expect(state.data).toBe(newest?.data);
      }
      const events = (all: readonly Line[]) => all.filter(({ channel }) => channel.startsWith('events:'));
      expect(events(now)).toEqual(events(lines));
    }
  });
});

describe('many matches are like those that are really played', () => {
  const fixtures = Array.from({ length: 10 }, (_, at) => fixturesOf(at + 10)).flat();
  const played = fixtures.map((fixture) => ({ sport: fixture.sport, moments: [...momentsOf(fixture)] }));
  const football = played.filter(({ sport }) => sport === 'football').map(({ moments }) => moments);
  const basketball = played.filter(({ sport }) => sport === 'basketball').map(({ moments }) => moments);
  const isEvent = (moment: Moment): moment is EventMoment => moment.kind === 'event';
  const count = (moments: readonly Moment[], ...kinds: readonly string[]) =>
    moments.filter((moment) => isEvent(moment) && kinds.includes(moment.event)).length;
  const mean = (all: readonly (readonly Moment[])[], read: (moments: readonly Moment[]) => number) =>
    all.reduce((sum, moments) => sum + read(moments), 0) / all.length;
  const points = (moments: readonly Moment[]) =>
    moments.reduce((sum, moment) => sum + (isEvent(moment) && moment.event !== 'miss' ? (moment.points ?? 0) : 0), 0);

  it.each([
    ['goals', ['goal'], 2, 3.6],
    ['shots', ['goal', 'save', 'blocked', 'miss'], 18, 34],
    ['fouls', ['foul'], 15, 30],
    ['corners', ['corner'], 6, 14],
    ['offsides', ['offside'], 2, 6],
    ['yellow cards', ['yellow'], 2, 5.5],
    ['red cards', ['red'], 0, 0.5],
    ['substitutions', ['substitution'], 4, 10],
  ] as const)('football: %s', (_, kinds, least, most) => {
    const figure = mean(football, (moments) => count(moments, ...kinds));
    expect(figure).toBeGreaterThanOrEqual(least);
    expect(figure).toBeLessThanOrEqual(most);
  });

  it('football: both halves, and what is played longer', () => {
    for (const moments of football) {
      const ends = moments.filter((moment) => moment.kind === 'phase' && moment.state !== 'live');
      expect(ends.map(({ second }) => second >= 2_700)).toEqual([true, true]);
      expect(ends.at(-1)?.second).toBeGreaterThanOrEqual(5_400);
      expect(ends.at(-1)?.second).toBeLessThan(6_300);
    }
  });

  it('basketball: points, rebounds, fouls, and always a winner', () => {
    expect(mean(basketball, points)).toBeGreaterThan(130);
    expect(mean(basketball, points)).toBeLessThan(200);
    expect(mean(basketball, (moments) => count(moments, 'rebound'))).toBeGreaterThan(50);
    expect(mean(basketball, (moments) => count(moments, 'rebound'))).toBeLessThan(110);
    expect(mean(basketball, (moments) => count(moments, 'foul'))).toBeGreaterThan(25);
    expect(mean(basketball, (moments) => count(moments, 'foul'))).toBeLessThan(60);
    const ofSide = (moments: readonly Moment[], side: string) =>
      points(moments.filter((moment) => moment.kind === 'event' && moment.side === side));
    for (const moments of basketball) expect(ofSide(moments, 'home')).not.toBe(ofSide(moments, 'away'));
  });

  it('the ball stays on the field, and time goes forward', () => {
    const isOff = ({ x, y }: { readonly x: number; readonly y: number }) => Math.min(x, y) < 0 || Math.max(x, y) > 100;
    for (const moments of [...football, ...basketball]) {
      expect(moments.filter((moment) => moment.kind === 'ball' && isOff(moment))).toEqual([]);
      expect(moments.filter(({ at }, index) => at < (moments[index - 1]?.at ?? 0))).toEqual([]);
    }
  });
});
