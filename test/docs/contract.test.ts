/** docs/guide/contract.md, followed step by step; its table has exactly the extensions that documents can have. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { expectValid } from '../support/documents/async-api.js';
import { blocksOf, readPage, root } from './page.js';
import { curlIsMissing, patienceMs, Reader } from './terminals.js';

const page = 'docs/guide/contract.md';

test.skipIf(curlIsMissing())(
  'every command of the page prints what the page says',
  { timeout: patienceMs },
  async () => {
    await using reader = await Reader.start();
    await reader.follow(page);
  },
);

test('the document of the page is AsyncAPI', () => {
  const documents = blocksOf(readPage(page)).filter(({ text }) => text.startsWith('asyncapi:'));
  expect(documents).toHaveLength(1);
  for (const { text } of documents) expectValid(parse(text));
});

test('the table has all extensions, and no others', () => {
  const names = (text: string, pattern: RegExp) =>
    [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
  const sources = readdirSync(join(root, 'src/asyncapi'))
    .filter((name) => !name.endsWith('.test.ts'))
    .map((name) => readPage(`src/asyncapi/${name}`));
  expect(names(readPage(page), /^\| `(x-fanfare-[a-z-]+)` \|/gm)).toEqual(
    names(sources.join('\n'), /'(x-fanfare-[a-z-]+)'/g),
  );
});
