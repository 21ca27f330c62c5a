/** docs/guarantees.md names the tests of each line. `vitest run test/docs -u` rewrites its last column. */

import { describe, expect, test } from 'vitest';
import { citedIds } from './cited-ids.js';
import { readPage, root } from './page.js';

const path = 'docs/guarantees.md';
const row = /^\| ([GFB]\d+) \|(.*)\|([^|]*)\|$/gm;
const reason = /^ not tested: \S.* $/;

const page = readPage(path);
const rows = [...page.matchAll(row)].map(([, id = '', , last = '']) => ({ id, last }));
const cited = citedIds();

/** Links, shortened to what tells them apart. */
function linksTo(files: readonly string[]): string {
  return files.map((file) => `[${file.replace(/^test\/|\.test\.tsx?$/g, '')}](../${file})`).join(', ');
}

describe('the catalogue of guarantees', () => {
  test('every line is there once', () => {
    const ids = rows.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.length).toBeGreaterThan(140);
  });

  test('every id that a test cites is defined', () => {
    const defined = new Set(rows.map(({ id }) => id));
    expect([...cited].filter(([id]) => !defined.has(id))).toEqual([]);
  });

  test('every line has a test, or the reason why it has none', () => {
    const bare = rows.filter(({ id, last }) => !cited.has(id) && !reason.test(last));
    expect(bare.map(({ id }) => id)).toEqual([]);
  });

  test('every line names its tests', async () => {
    const expected = page.replace(row, (line, id: string, what: string) => {
      const files = cited.get(id);
      return files === undefined ? line : `| ${id} |${what}| ${linksTo(files)} |`;
    });
    await expect(expected).toMatchFileSnapshot(root + path);
  });
});
