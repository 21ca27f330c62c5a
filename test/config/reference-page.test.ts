/** docs/operations/configuration.md says of each option what the table says. `vitest run test/config -u` rewrites it. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { optionPaths } from '../../src/config/options.js';
import { optionsReference } from './options-reference.js';

const page = fileURLToPath(new URL('../../docs/operations/configuration.md', import.meta.url));
const begin = '<!-- options: written by test/config/reference-page.test.ts -->';
const end = '<!-- end of options -->';

test('the reference page lists every option with kind, default, effect of 0, flag and environment variable', async () => {
  const text = readFileSync(page, 'utf8');
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  expect(start).toBeGreaterThan(0);
  expect(stop).toBeGreaterThan(start);
  const expected = `${text.slice(0, start)}${begin}\n\n${optionsReference()}\n\n${text.slice(stop)}`;
  for (const path of optionPaths) expect(expected).toContain(`### ${path}\n`);
  await expect(expected).toMatchFileSnapshot(page);
});
