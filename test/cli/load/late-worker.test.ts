/** A process that is late to connect everybody gives the last of them as long as the first. */

import { expect, onTestFinished, test } from 'vitest';
import { nowUs } from '../../../src/cli/load/clock.js';
import { Generator } from '../../../src/cli/load/generator.js';
import { readScenario } from '../../../src/cli/load/scenario.js';
import type { FieldPath } from '../../../src/cli/load/scenario-fields.js';
import { loadableApp } from './loaded.js';

/** It began 30 seconds late, when ramp and timeout were over: on a busy machine those who came last were not waited for. */
test('a worker that stood still over its ramp still connects everybody', async () => {
  const { url } = await loadableApp();
  const outcome = await readScenario({
    folder: '.',
    flags: new Map<FieldPath, string>([
      ['connections', '50'],
      ['ramp', '1s'],
      ['publish.rate', '1'],
    ]),
    fallbacks: { url },
  });
  if (!outcome.ok) expect.fail(JSON.stringify(outcome.problems));
  const generator = new Generator({ scenario: outcome.scenario, share: { index: 0, count: 1 }, run: 1 }, () => {});
  onTestFinished(() => generator.close());
  await generator.prepare();
  expect(await generator.connect(nowUs() - 30e6)).toBe(50);
});
