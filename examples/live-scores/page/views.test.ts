/** What the pages show, without a page: clocks, charts, the story, settings, addresses, the state of a match. */

import { describe, expect, it } from 'vitest';
import type { BoardRow, State } from '../messages.js';
import { momentumBars, sharePaths } from './charts.js';
import { clockText, eventMinute, minuteText } from './clock.js';
import type { Said, Told } from './live.js';
import { placeOf } from './route.js';
import { rowsOf } from './rows.js';
import { settingsFrom } from './settings.js';
import { story } from './timeline.js';

describe('the clock', () => {
  it.each([
    ['football', 'live', 1, 0, '00:00', "1'"],
    ['football', 'live', 1, 1_391, '23:11', "24'"],
    ['football', 'live', 1, 2_767, '45:00 +1:07', "45+2'"],
    ['football', 'break', 1, 2_800, 'Half-time', 'Half-time'],
    ['football', 'live', 2, 2_700, '45:00', "46'"],
    ['football', 'live', 2, 5_521, '90:00 +2:01', "90+3'"],
    ['football', 'over', 2, 5_640, 'Full time', 'Full time'],
    ['football', 'soon', 0, 0, 'Up next', 'Up next'],
    ['basketball', 'live', 1, 0, 'Q1 10:00', "Q1 10'"],
    ['basketball', 'live', 3, 1_529, 'Q3 04:31', "Q3 5'"],
    ['basketball', 'break', 1, 600, 'End Q1', 'End Q1'],
    ['basketball', 'break', 2, 1_200, 'Half-time', 'Half-time'],
    ['basketball', 'live', 5, 2_400, 'OT 05:00', "OT 5'"],
    ['basketball', 'live', 6, 2_790, 'OT2 03:30', "OT2 4'"],
    ['basketball', 'over', 4, 2_400, 'Final', 'Final'],
  ] as const)('%s, %s, period %i, second %i: %s, %s', (sport, state, period, second, clock, minute) => {
    expect(clockText({ sport, state, period, second })).toBe(clock);
    expect(minuteText({ sport, state, period, second })).toBe(minute);
  });

  it('tells when something happened', () => {
    expect(eventMinute('football', 2, 5_399)).toBe("90'");
    expect(eventMinute('football', 2, 5_400)).toBe("90'");
    expect(eventMinute('basketball', 4, 2_399)).toBe('Q4 00:01');
  });
});

describe('charts', () => {
  it('draws momentum up and down from the middle', () => {
    expect(momentumBars([40, -60, 0])).toEqual([
      { x: 0, y: 60, height: 40, isHome: true },
      { x: 1, y: 100, height: 60, isHome: false },
      { x: 2, y: 98.5, height: 1.5, isHome: true },
    ]);
  });

  it('draws a share as a line with an area below', () => {
    expect(sharePaths([], 100)).toEqual({ line: '', area: '' });
    expect(sharePaths([50], 100).line).toBe('M0 50');
    expect(sharePaths([50, 75, 60], 100)).toEqual({
      line: 'M0 50L50 25L100 40',
      area: 'M0 50L50 25L100 40L100 100L0 100Z',
    });
  });
});

describe('the story', () => {
  const event = (second: number, kind: Told['kind'] = 'goal'): Told => ({
    key: `e${second}`,
    kind,
    second,
    period: 1,
    text: '',
  });
  const comment = (second: number): Said => ({ key: `c${second}`, second, text: '', author: 'Ada' });
  const keys = (...args: Parameters<typeof story>) =>
    story(...args).map((entry) => (entry.kind === 'event' ? entry.event.key : entry.comment.key));

  it('has events and comments by the clock, newest first', () => {
    expect(keys([event(10), event(60), event(90)], [comment(5), comment(60), comment(95)])).toEqual([
      'c95',
      'e90',
      'c60',
      'e60',
      'e10',
      'c5',
    ]);
    expect(keys([], [comment(1)])).toEqual(['c1']);
    expect(keys([], [])).toEqual([]);
  });

  it('leaves out small things, but no comment', () => {
    expect(keys([event(1, 'corner'), event(2), event(3, 'save')], [comment(4)], true)).toEqual(['c4', 'e2']);
  });
});

describe('settings', () => {
  it('begin with less on a phone', () => {
    expect(settingsFrom(null, false)).toEqual({ followed: [], maxRate: 10 });
    expect(settingsFrom(null, true)).toEqual({ followed: [], maxRate: 2 });
  });

  it('take what was kept, and nothing else', () => {
    expect(settingsFrom('{"followed":["HAR"],"maxRate":0.2}', false)).toEqual({ followed: ['HAR'], maxRate: 0.2 });
    for (const text of [
      '',
      '{',
      'null',
      '7',
      '[]',
      '{"followed":"HAR","maxRate":"x"}',
      '{"followed":[1],"maxRate":-1}',
    ])
      expect(settingsFrom(text, false)).toEqual({ followed: [], maxRate: 10 });
  });
});

it('addresses name pages', () => {
  expect(placeOf('')).toEqual({ name: 'board' });
  expect(placeOf('#/match/1-har-val')).toEqual({ name: 'match', id: '1-har-val' });
  expect(placeOf('#/match/a:b')).toEqual({ name: 'board' });
  expect(placeOf('#/desk?code=a%2Bb')).toEqual({ name: 'desk', code: 'a+b' });
  expect(placeOf('#/nowhere')).toEqual({ name: 'board' });
});

it('the board has the newest day, what is being played first', () => {
  const team = { name: '', code: '', colour: '', ink: '' };
  const row = (day: number, id: string, state: State): [string, BoardRow] => [
    id,
    { day, id, state, sport: 'football', home: team, away: team, score: [0, 0], period: 1, minute: 0 },
  ];
  const rows = rowsOf(
    new Map([
      row(2, 'b', 'over'),
      row(1, 'old', 'live'),
      row(2, 'c', 'soon'),
      row(2, 'd', 'break'),
      row(2, 'a', 'live'),
    ]),
  );
  expect(rows.map(({ id }) => id)).toEqual(['a', 'd', 'c', 'b']);
  expect(rowsOf(new Map())).toEqual([]);
});
