import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { RecordedLog } from '../../../test/support/engine/recorded-log.js';
import { RepeatedWarning } from './repeated-warning.js';

test('a flood is one line at once and one a minute, with how often it came and the last of it', async () => {
  const clock = new FakeClock();
  const log = new RecordedLog();
  const warning = new RepeatedWarning('it happens', { clock, log });
  for (let n = 1; n <= 700; n++) {
    warning.found({ n });
    await clock.advance(100);
  }
  expect(log.lines.map(({ fields }) => fields)).toEqual([
    { n: 1, count: 1 },
    { n: 600, count: 599 },
  ]);
  warning.close();
  warning.found({ n: 0 });
  await clock.advance(120_000);
  expect(log.lines).toHaveLength(2);
});
