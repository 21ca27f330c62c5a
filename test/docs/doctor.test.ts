/** docs/operations/doctor.md: its commands are followed, and its tables have every fault and every flag, and no other. */

import { expect, test } from 'vitest';
import { faults } from '../../src/cli/doctor/faults.js';
import { doctor } from '../../src/cli/doctor.js';
import { optionPaths } from '../../src/config/options.js';
import { readPage } from './page.js';
import { followed } from './terminals.js';

const path = 'docs/operations/doctor.md';
const page = readPage(path);

followed('every command of the page does what the page says', path);

/** The code spans of the first cells under a heading. */
function firstCells(heading: string): string[] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`) + 1).split('\n## ')[0] ?? '';
  const cells = [...section.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
}

test('every fault that there is, and no other', () =>
  expect(firstCells('Faults and remedies').sort()).toEqual(Object.keys(faults).sort()));

test('every flag that there is, and no other', () =>
  expect(firstCells('Flags').sort()).toEqual(
    Object.keys(doctor.flags)
      .map((name) => `--${name}`)
      .sort(),
  ));

test('remedies name options that there are', () => {
  const known: readonly string[] = optionPaths;
  const named = Object.values<Readonly<Record<string, string>>>(faults).flatMap(({ Fanfare = '' }) =>
    [...Fanfare.matchAll(/(?<![\w/])[a-z][A-Za-z]*\.[a-z][A-Za-z]+\b/g)].map(([option]) => option),
  );
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((option) => !known.includes(option))).toEqual([]);
});
