/** docs/operations/deploying.md, followed as far as that goes on a machine that is not to be reconfigured. */

import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { blocksOf, readPage, root } from './page.js';
import { curlIsMissing, patienceMs, Reader } from './terminals.js';

const path = 'docs/operations/deploying.md';
/** What needs root, a container engine or a cluster. */
const elsewhere = ['install', 'docker', 'kubectl'];

test.skipIf(curlIsMissing())(
  'what can be typed anywhere does what the page says',
  { timeout: patienceMs },
  async () => {
    await using reader = await Reader.start();
    cpSync(`${root}deploy`, join(reader.folder, 'deploy'), { recursive: true });
    await reader.follow(path, { leaveOut: elsewhere });
  },
);

test('every file that the other commands name is there', () => {
  const commands = blocksOf(readPage(path)).filter(
    ({ language, label }) => language === 'sh' && elsewhere.includes(label),
  );
  const files = commands.flatMap(({ text }) => [...text.matchAll(/\bdeploy\/[\w./-]+/g)].map(([file]) => file));
  expect(files.length).toBeGreaterThan(12);
  // Those with keys are made by the commands before.
  for (const file of files.filter((name) => !name.includes('/secrets/')))
    expect(existsSync(root + file), file).toBe(true);
});

test('files are installed where they say that they belong', () => {
  const commands = blocksOf(readPage(path))
    .map(({ text }) => text)
    .join('\n');
  const installed = [...commands.matchAll(/install .*(deploy\/\S+) (\/etc\/\S+)$/gm)];
  expect(installed.length).toBeGreaterThan(7);
  for (const [, from = '', to = ''] of installed) expect(readPage(from).split('\n')[0]).toContain(to);
});
