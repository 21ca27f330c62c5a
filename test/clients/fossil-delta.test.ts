/** Deltas, decoded by the Go package that Centrifugo and its client for Go use. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fossilDelta } from '../../src/engine/fanout/delta/fossil.js';
import { goIsMissing, goProgram } from '../support/programs/go.js';
import { testFolder } from '../support/programs/test-folder.js';

const piece = fc.constantFrom('a', 'é', 'è', '€', '😀', '"home":', 'scores of the day ', 'x'.repeat(40));
const text = fc.array(piece, { maxLength: 80 }).map((pieces) => pieces.join(''));
const edited = fc
  .tuple(
    text,
    fc.array(fc.record({ at: fc.nat({ max: 400 }), remove: fc.nat({ max: 20 }), insert: text }), { maxLength: 5 }),
  )
  .map(([base, edits]) => {
    const target = [...base];
    for (const { at, remove, insert } of edits) target.splice(at % (target.length + 1), remove, ...insert);
    return [base, target.join('')] as const;
  });

test.skipIf(goIsMissing())('the Go package makes the same of each', { timeout: 120_000 }, async () => {
  const apply = await goProgram('test/clients/fossil-delta');
  const cases = fc.sample(edited, 400).map(([base, target]) => {
    const [from, to] = [Buffer.from(base), Buffer.from(target)];
    const delta = Buffer.from(fossilDelta(from, to, to.length * 2 + 100) ?? []);
    return [from, delta, to].map((bytes) => bytes.toString('hex')).join(' ');
  });
  const file = join(testFolder(), 'cases');
  await writeFile(file, cases.join('\n'));
  expect(await apply(file)).toBe('applied 400\n');
});
