import { expect, it } from 'vitest';
import { inSlices } from './in-slices.js';

/** A clock whose turns are counted. */
function turns() {
  const clock = {
    count: 0,
    afterTurn(task: () => void) {
      clock.count++;
      queueMicrotask(task);
    },
  };
  return clock;
}

it('gives everything in order, and rests between slices', async () => {
  const clock = turns();
  const slices: number[][] = [];
  for await (const slice of inSlices([1, 2, 3, 4, 5], clock, 2)) slices.push([...slice]);
  expect(slices).toEqual([[1, 2], [3, 4], [5]]);
  expect(clock.count).toBe(2);
});

it('gives no slice of an empty list', async () => {
  for await (const _ of inSlices([], turns())) expect.unreachable();
});

it('follows a map that changes meanwhile', async () => {
  const map = new Map([1, 2, 3, 4].map((key) => [key, key]));
  const seen: number[] = [];
  for await (const slice of inSlices(map.values(), turns(), 2)) {
    seen.push(...slice);
    map.delete(3);
    if (seen.length === 2) map.set(5, 5);
  }
  expect(seen).toEqual([1, 2, 4, 5]);
});
