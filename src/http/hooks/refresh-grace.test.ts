/** How long what has expired may stay. */

import { expect, test } from 'vitest';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { RefreshGrace } from './refresh-grace.js';

/** With the test's randomness the next question is after 7.5 s. */
function make(graceMs: number) {
  const clock = new FakeClock();
  const grace = new RefreshGrace(clock, countingRandom(), graceMs);
  const leftMs = (connection: object, channel?: string) => {
    const untilMs = grace.extend(connection, channel);
    return untilMs === undefined ? undefined : untilMs - clock.wallMs();
  };
  return { clock, grace, leftMs };
}

test('extends from question to question until the grace is over, counted from the first failure', async () => {
  const { clock, leftMs } = make(20_000);
  const connection = {};
  expect(leftMs(connection)).toBe(7_500);
  await clock.advance(7_500);
  expect(leftMs(connection)).toBe(7_500);
  await clock.advance(7_500);
  expect(leftMs(connection)).toBe(5_000);
  await clock.advance(5_000);
  expect(leftMs(connection)).toBeUndefined();
});

test('an answer in between starts the grace again', async () => {
  const { clock, grace, leftMs } = make(10_000);
  const connection = {};
  leftMs(connection);
  grace.end(connection);
  await clock.advance(10_000);
  expect(leftMs(connection)).toBe(7_500);
});

test('each connection and each of its channels has a grace of its own', async () => {
  const { clock, leftMs } = make(10_000);
  const connection = {};
  leftMs(connection);
  leftMs(connection, 'a');
  await clock.advance(10_000);
  expect([leftMs(connection), leftMs(connection, 'a')]).toEqual([undefined, undefined]);
  expect([leftMs(connection, 'b'), leftMs({})]).toEqual([7_500, 7_500]);
});

test('a grace of 0 is none', () => expect(make(0).leftMs({})).toBeUndefined());
