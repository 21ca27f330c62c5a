/** Runs of the Autobahn testsuite in parts, and going on with one that was interrupted. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { partsOf, prepareFolder, runParts } from './parts.js';

const folder = mkdtempSync(join(tmpdir(), 'fanfare-parts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const suite = { python: '/does/not/exist', env: {}, version: '0' };
const common = { suite, folder, url: 'ws://127.0.0.1:1', atOnce: 2, show: () => undefined };

/** As the suite leaves it when all cases of a part are over. */
function leave(part: string, id: string, behavior = 'OK'): void {
  mkdirSync(join(folder, part), { recursive: true });
  const index = { Fanfare: { [id]: { behavior, reportfile: 'case.json' } } };
  writeFileSync(join(folder, part, 'index.json'), JSON.stringify(index));
  writeFileSync(join(folder, part, 'case.json'), JSON.stringify({ result: 'it took too long' }));
}

test('groups with long cases come apart, others stay whole', () => {
  expect(partsOf(['1.*', '9.*', '6.4.1'])).toEqual([
    '1.*',
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `9.${n}.*`),
    '6.4.1',
  ]);
  const parts = partsOf(['12.*', '13.*']);
  expect([parts[0], parts.at(-1)]).toEqual(['12.1.1,12.1.2,12.1.3', '13.7.16,13.7.17,13.7.18']);
  // Each case of the suite once: 5 and 7 subgroups of 18.
  const cases = parts.flatMap((part) => part.split(','));
  expect([cases.length, new Set(cases).size]).toEqual([12 * 18, 12 * 18]);
});

test('what is over in a run of the same sources is not run again', async () => {
  prepareFolder(folder, 'a', false);
  leave('1.all', '1.1.1');
  leave('6.4.1', '6.4.1');
  prepareFolder(folder, 'a', true);
  expect(Object.keys(await runParts({ ...common, parts: ['1.*', '6.4.1'] }))).toEqual(['1.1.1', '6.4.1']);
});

test('what has failed is run again, and says why it did', async () => {
  prepareFolder(folder, 'a', false);
  leave('1.all', '1.1.1');
  leave('6.4.1', '6.4.1', 'FAILED');
  const parts = ['1.*', '6.4.1'];
  expect((await runParts({ ...common, parts }))['6.4.1']).toMatchObject({
    behavior: 'FAILED',
    result: 'it took too long',
  });
  prepareFolder(folder, 'a', true);
  await expect(runParts({ ...common, parts })).rejects.toThrow('ENOENT');
});

test.each([
  ['of other sources', 'b', true],
  ['of a run that nobody goes on with', 'a', false],
])('what is over %s does not count', (_, mark, goesOn) => {
  prepareFolder(folder, 'a', false);
  leave('1.all', '1.1.1');
  prepareFolder(folder, mark, goesOn);
  expect(existsSync(join(folder, '1.all'))).toBe(false);
});

test('a client that cannot run is an error, not a part without cases', async () => {
  prepareFolder(folder, 'a', false);
  await expect(runParts({ ...common, parts: ['1.*'] })).rejects.toThrow('ENOENT');
});
