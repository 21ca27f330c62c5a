/**
 * docs/conformance.md has what the attacks came to when their results were last written down, and names scripts and guarantees
 * that there are. `vitest run test/docs/conformance.test.ts -u` writes the page.
 */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { longForms, writers } from '../../scripts/nightly.mjs';
import { attacks, pagePath, toldBy, withSections } from '../attacks/page.js';
import { type AttackName, readResult } from '../attacks/results.js';
import { readPage, root } from './page.js';

test('the page is made of the results', async () => {
  await expect(withSections(readPage(pagePath))).toMatchFileSnapshot(root + pagePath);
});

test('each attack is a script of package.json', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  expect(attacks.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
});

test('each attack is one of the nightly ones, and writes down what came of it, or tells it', () => {
  const scripts = longForms.map(([script]) => script);
  expect(attacks.filter(({ script }) => !scripts.includes(script))).toEqual([]);
  expect(attacks.filter(({ result }) => result !== undefined).map(({ script }) => script)).toEqual(writers);
  expect(attacks.filter(({ result, told }) => (result === undefined) === (told === undefined))).toEqual([]);
});

// As each has said it.
test.each([
  [
    'simulate',
    '40 of 80 seeds, 9 steps a minute\n80 seeds from 1 on in 9.0 s with 2 processes: 5 steps; 0 failed\n',
    1,
  ],
  ['simulate:mutants', 'mutants:\n  killed  a\nmutants: 24 of 27 are found within 60 seeds\n', 1],
  [
    'test:chaos',
    '\nRedis, persistent: 9 kills, 12 faults\n  published 9, acknowledged 9\n  crashes 0, violations 0\n',
    3,
  ],
  ['test:clients', '  12 s · what they do in silence\n  99 s · 45 clients\n', 1],
  ['test:mutation', '----|----\nAll files | 93.1 | 94.0 |\n', 1],
  ['test:map-races', ' Test Files  1 passed (1)\n      Tests  4 passed | 2 skipped (6)\n', 1],
])('%s: what it tells is found', (script, output, count) => {
  const told = attacks.find((attack) => attack.script === script)?.told;
  expect(told && toldBy(told, output)).toHaveLength(count);
});

test('what is written down is what was asked for: nothing failed', () => {
  const names: readonly AttackName[] = ['autobahn', 'api', 'fuzz', 'soak'];
  expect(attacks.flatMap(({ result }) => result ?? [])).toEqual(names);
  for (const mode of readResult('api')?.outcome.modes ?? []) expect(mode.failures, mode.mode).toBe(0);
  expect(readResult('soak')?.outcome.returned.filter(({ isBack }) => !isBack) ?? []).toEqual([]);
  for (const { cases, strict, nonStrict, informational, declined, group } of readResult('autobahn')?.outcome.groups ??
    [])
    expect(strict + nonStrict + informational + declined, `group ${group}`).toBe(cases);
});
