import { describe, expect, it } from 'vitest';
import type { Received } from './messages.js';
import { rowsOf } from './rows.js';
import { durationText, statusText } from './status.js';

const noonMs = new Date(2_025, 5, 15, 12).getTime();
const minuteMs = 60_000;

function entry(name: string, atMs: number, text = 'x') {
  const message: Received = { text, author: { client: name, name }, offset: atMs, sentAtMs: atMs };
  return { kind: 'message', key: `${name}-${atMs}`, message } as const;
}
const options = { isMine: ({ author }: Received) => author.name === 'me', isOnline: true, nowMs: noonMs };
const shape = (rows: ReturnType<typeof rowsOf>) =>
  rows.map((row) => (row.kind === 'message' ? `${row.author}${row.isFirst ? ' first' : ''}` : (row.kind ?? '')));

describe('rowsOf', () => {
  it('groups what one person says in a row, until a pause or another one', () => {
    const entries = [
      entry('Ada', noonMs),
      entry('Ada', noonMs + minuteMs),
      entry('Bo', noonMs + 2 * minuteMs),
      entry('Ada', noonMs + 3 * minuteMs),
      entry('Ada', noonMs + 20 * minuteMs),
    ];
    expect(shape(rowsOf(entries, [], options))).toEqual([
      'day',
      'Ada first',
      'Ada',
      'Bo first',
      'Ada first',
      'Ada first',
    ]);
  });

  it('begins each day with its name', () => {
    const dayMs = 24 * 60 * minuteMs;
    const rows = rowsOf([entry('a', noonMs - 2 * dayMs), entry('a', noonMs - dayMs), entry('a', noonMs)], [], options);
    const labels = rows.flatMap((row) => (row.kind === 'day' ? [row.label] : []));
    expect(labels).toHaveLength(3);
    expect(labels.slice(1)).toEqual(['Yesterday', 'Today']);
  });

  it('begins a group anew after a gap', () => {
    const rows = rowsOf([entry('Ada', noonMs), { kind: 'gap', key: 'g' }, entry('Ada', noonMs + 1)], [], options);
    expect(shape(rows)).toEqual(['day', 'Ada first', 'gap', 'Ada first']);
  });

  it('groups by name, since a connection that is made anew has another id', () => {
    const again = { ...entry('Ada', noonMs + 1) };
    const other = { ...again, message: { ...again.message, author: { client: 'another', name: 'Ada' } } };
    expect(shape(rowsOf([entry('Ada', noonMs), other], [], options))).toEqual(['day', 'Ada first', 'Ada']);
  });

  it('says once which of the others were missed and recovered', () => {
    const entries = [
      entry('Ada', noonMs),
      { ...entry('Ada', noonMs + 1), isRecovered: true },
      { ...entry('Ada', noonMs + 2), isRecovered: true },
      { ...entry('me', noonMs + 3), isRecovered: true },
      entry('Ada', noonMs + 4),
    ];
    const rows = rowsOf(entries, [], options);
    expect(shape(rows)).toEqual(['day', 'Ada first', 'recovered', 'Ada first', 'Ada', 'me first', 'Ada first']);
    expect(rows.map((row) => row.kind === 'message' && row.isRecovered === true)).toEqual([
      false,
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it('puts outgoing messages last, as one’s own, and says what they wait for', () => {
    const outgoing = [
      { id: 'o1', text: 'hi', sentAtMs: noonMs + 1 },
      { id: 'o2', text: 'no', sentAtMs: noonMs + 2, refusal: 'too long' },
    ];
    const rows = rowsOf([entry('me', noonMs)], outgoing, { ...options, isOnline: false });
    expect(rows.slice(2)).toMatchObject([
      { key: 'o1', isMine: true, isFirst: false, fate: { id: 'o1', isWaiting: true } },
      { key: 'o2', isMine: true, fate: { refusal: 'too long' } },
    ]);
  });
});

it('says how the connection stands', () => {
  expect(statusText({ kind: 'online' })).toBe('');
  expect(statusText({ kind: 'caught-up', numMessages: 1 })).toBe('Back online. Caught up: 1 message.');
  expect(statusText({ kind: 'caught-up', numMessages: 0 })).toBe('Back online. You missed nothing.');
  expect(durationText(999)).toBe('0 s');
  expect(durationText(65_000)).toBe('1 min 5 s');
  expect(durationText(3_660_000)).toBe('1 h 1 min');
});
