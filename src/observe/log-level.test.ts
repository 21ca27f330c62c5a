/** The level of a log: for a while, until the next change, and as configured. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { LogLevelSwitch } from './log-level.js';

function switched() {
  const clock = new FakeClock();
  const log = { level: 'info' };
  return { clock, log, level: new LogLevelSwitch(log, clock, 'info') };
}

test('without a time another level stays', async () => {
  const { clock, log, level } = switched();
  level.use('debug');
  await clock.advance(86_400_000);
  expect([log.level, clock.numTimers]).toEqual(['debug', 0]);
});

test('after its time the configured level applies again', async () => {
  const { clock, log, level } = switched();
  level.use('debug', 60_000);
  await clock.advance(59_999);
  expect(log.level).toBe('debug');
  await clock.advance(1);
  expect(log.level).toBe('info');
});

test('a later change replaces an earlier one, with its time', async () => {
  const { clock, log, level } = switched();
  level.use('debug', 1_000);
  level.use('warn', 5_000);
  await clock.advance(1_000);
  expect(log.level).toBe('warn');
  await clock.advance(4_000);
  expect(log.level).toBe('info');
});

test('a new configuration ends it at once, and is what comes after the next', async () => {
  const { clock, log, level } = switched();
  level.use('debug', 1_000);
  level.configure('error');
  expect([log.level, clock.numTimers]).toEqual(['error', 0]);
  level.use('debug', 1_000);
  await clock.advance(1_000);
  expect(log.level).toBe('error');
});

test('nothing is left after the end', () => {
  const { clock, level } = switched();
  level.use('debug', 1_000);
  level.close();
  expect(clock.numTimers).toBe(0);
});
