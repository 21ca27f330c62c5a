import { expect, it } from 'vitest';
import type { Batch, Line } from '../match-day/lines.js';
import { paced } from './pace.js';

const line = (channel: string, data: unknown, key?: string): Line => ({
  channel,
  data,
  ...(key !== undefined && { key }),
});

/** Everything, with the milliseconds at which it came, by a clock that only sleeping moves. */
async function timed(batches: readonly Batch[], { speed = 1, abortAtMs = Number.POSITIVE_INFINITY, lateMs = 0 } = {}) {
  let nowMs = 0;
  const closing = new AbortController();
  const sleep = async (ms: number) => {
    nowMs += ms;
    if (nowMs >= abortAtMs) closing.abort();
  };
  const found: [atMs: number, lines: readonly Line[]][] = [];
  for await (const lines of paced(batches, { speed, signal: closing.signal, nowMs: () => nowMs, sleep })) {
    found.push([nowMs, lines]);
    nowMs += lateMs;
  }
  return found;
}

it('gives at once what was before, without what has become old, and the rest when it is due', async () => {
  const found = await timed(
    [
      { at: -9, lines: [line('ball:1', 1), line('board:1', 1, 'a'), line('events:1', 'first')] },
      {
        at: -2,
        lines: [line('ball:1', 2), line('board:1', 2, 'a'), line('events:1', 'second'), line('alerts', 'old')],
      },
      { at: 0, lines: [line('ball:1', 3)] },
      { at: 4, lines: [line('ball:1', 4)] },
    ],
    { speed: 2 },
  );
  expect(found).toEqual([
    [0, [line('ball:1', 2), line('board:1', 2, 'a'), line('events:1', 'first'), line('events:1', 'second')]],
    [0, [line('ball:1', 3)]],
    [2_000, [line('ball:1', 4)]],
  ]);
});

it('is not late for good when one publication took long', async () => {
  const batches = [0, 1, 2, 10].map((at) => ({ at, lines: [line('ball:1', at)] }));
  const found = await timed(batches, { lateMs: 3_000 });
  expect(found.map(([atMs]) => atMs)).toEqual([0, 3_000, 6_000, 10_000]);
});

it('ends when it is told to', async () => {
  const batches = [0, 1, 2, 3].map((at) => ({ at, lines: [line('ball:1', at)] }));
  expect(await timed(batches, { abortAtMs: 2_000 })).toHaveLength(2);
});

it('has nothing to wait for when all was before', async () => {
  expect(await timed([{ at: -1, lines: [line('ball:1', 1)] }])).toEqual([[0, [line('ball:1', 1)]]]);
  expect(await timed([])).toEqual([]);
});
