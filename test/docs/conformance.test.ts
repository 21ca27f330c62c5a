/**
 * docs/conformance.md has what the attacks came to when their results were last written down, and names scripts and guarantees
 * that there are. `vitest run test/docs/conformance.test.ts -u` writes the page.
 */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { attacks, pagePath, withSections } from '../attacks/page.js';
import { type AttackName, readResult } from '../attacks/results.js';
import { readPage, root } from './page.js';

test('the page is made of the results', async () => {
  await expect(withSections(readPage(pagePath))).toMatchFileSnapshot(root + pagePath);
});

test('each attack is a script of package.json', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  expect(attacks.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
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
