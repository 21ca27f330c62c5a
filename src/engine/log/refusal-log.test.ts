/** Refusals in the log: each reason appears, and many refusals do not flood it. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { RecordedLog } from '../../../test/support/engine/recorded-log.js';
import { RefusalLog } from './refusal-log.js';

function started() {
  const clock = new FakeClock();
  const log = new RecordedLog();
  const { lines } = log;
  const refusals = new RefusalLog(clock, log);
  const tell = (key: string, linesAMinute?: number) =>
    refusals.tell({ check: 'origin', key, fields: { key }, message: 'refused' }, linesAMinute);
  return { clock, lines, refusals, tell };
}

test('the first of its kind is told at once, the next a minute later with the number of those between', async () => {
  const { clock, lines, tell } = started();
  for (let i = 0; i < 5; i++) tell('a');
  expect(lines).toEqual([{ level: 'warn', fields: { check: 'origin', key: 'a' }, message: 'refused' }]);
  await clock.advance(59_999);
  tell('a');
  expect(lines).toHaveLength(1);
  await clock.advance(1);
  tell('a');
  expect(lines[1]?.fields).toEqual({ check: 'origin', key: 'a', unsaid: 5 });
});

test('other keys and other checks have lines of their own', () => {
  const { lines, refusals, tell } = started();
  tell('a');
  tell('b');
  refusals.tell({ check: 'token', fields: { key: 'a' }, message: 'refused', level: 'info' });
  expect(lines.map(({ level, fields }) => [level, fields.check, fields.key])).toEqual([
    ['warn', 'origin', 'a'],
    ['warn', 'origin', 'b'],
    ['info', 'token', 'a'],
  ]);
});

test('several lines a minute, where each refusal may be another one', () => {
  const { lines, tell } = started();
  for (let i = 0; i < 9; i++) tell('a', 3);
  expect(lines).toHaveLength(3);
});

test('made-up keys share one line once there are too many of them, and do not push out those that are known', async () => {
  const { clock, lines, tell } = started();
  tell('known');
  for (let i = 0; i < 10_000; i++) tell(`made up ${i}`);
  expect(lines.length).toBeLessThan(510);
  const before = lines.length;
  tell('known');
  tell('another');
  expect(lines).toHaveLength(before);
  await clock.advance(60_000);
  tell('another');
  expect(lines[before]?.fields.key).toBe('another');
  for (let i = 0; i < 10_000; i++) tell(`made up ${i}`);
  expect(lines.length).toBeLessThan(2 * 510);
  // Refusals of the first minute without a line are not forgotten.
  expect(lines.slice(before).reduce((sum, { fields }) => sum + Number(fields.unsaid ?? 0), 0)).toBeGreaterThan(9_000);
});
