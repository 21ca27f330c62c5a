/** How many calls are let through, who waits, and for how long. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { Concurrency, type Entry } from './concurrency.js';

function make(maxInFlight: number, maxWaiting: number) {
  const clock = new FakeClock();
  return { clock, concurrency: new Concurrency(clock, { maxInFlight, maxWaiting }) };
}

/** What becomes of an attempt to enter; `undefined` while it waits. */
function enter(concurrency: Concurrency, client?: string, maxWaitMs = 1_000) {
  const attempt: { entry: Entry | undefined } = { entry: undefined };
  void concurrency.enter(maxWaitMs, client).then((entry) => (attempt.entry = entry));
  return attempt;
}

test('lets so many in, makes so many wait, and turns the rest away', async () => {
  const { clock, concurrency } = make(2, 1);
  const attempts = [1, 2, 3, 4].map(() => enter(concurrency));
  await clock.settle();
  expect(attempts.map(({ entry }) => entry)).toEqual(['in', 'in', undefined, 'full']);
  expect([concurrency.numInFlight, concurrency.numWaiting]).toEqual([2, 1]);
});

test('a place that is left goes to whoever has waited longest', async () => {
  const { clock, concurrency } = make(1, 2);
  enter(concurrency);
  const [second, third] = [enter(concurrency), enter(concurrency)];
  concurrency.leave();
  await clock.settle();
  expect([second.entry, third.entry]).toEqual(['in', undefined]);
  concurrency.leave();
  await clock.settle();
  expect(third.entry).toBe('in');
  concurrency.leave();
  expect([concurrency.numInFlight, concurrency.numWaiting, clock.numTimers]).toEqual([0, 0, 0]);
});

test('nobody waits for longer than it wants to', async () => {
  const { clock, concurrency } = make(1, 2);
  enter(concurrency);
  const [short, long] = [enter(concurrency, undefined, 100), enter(concurrency, undefined, 200)];
  await clock.advance(150);
  expect([short.entry, long.entry]).toEqual(['late', undefined]);
  expect(concurrency.numWaiting).toBe(1);
  concurrency.leave();
  await clock.settle();
  expect(long.entry).toBe('in');
});

test('sheds all who wait, and none of those that are in', async () => {
  const { clock, concurrency } = make(1, 2);
  const attempts = [1, 2, 3].map(() => enter(concurrency));
  concurrency.shed();
  await clock.settle();
  expect(attempts.map(({ entry }) => entry)).toEqual(['in', 'shed', 'shed']);
  expect([concurrency.numWaiting, clock.numTimers]).toEqual([0, 0]);
});

test('G12: one client has an eighth of all places, and the others have the rest', async () => {
  const { clock, concurrency } = make(8, 8);
  const greedy = [1, 2, 3].map(() => enter(concurrency, 'greedy'));
  const other = enter(concurrency, 'other');
  await clock.settle();
  expect(greedy.map(({ entry }) => entry)).toEqual(['in', 'in', 'share']);
  expect(other.entry).toBe('in');
  concurrency.leave('greedy');
  const again = enter(concurrency, 'greedy');
  await clock.settle();
  expect(again.entry).toBe('in');
});

test('who waits counts against its share, until it is sent away', async () => {
  const { clock, concurrency } = make(1, 7);
  enter(concurrency, 'other');
  const waiting = enter(concurrency, 'greedy', 100);
  const second = enter(concurrency, 'greedy');
  await clock.advance(100);
  expect([waiting.entry, second.entry]).toEqual(['late', 'share']);
  const third = enter(concurrency, 'greedy');
  concurrency.leave('other');
  await clock.settle();
  expect(third.entry).toBe('in');
});
