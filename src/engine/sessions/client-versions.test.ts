/** Which versions are told apart. */

import { beforeEach, expect, test } from 'vitest';
import { ClientVersions, maxVersions } from './client-versions.js';

let versions: ClientVersions;
beforeEach(() => {
  versions = new ClientVersions();
});

const counts = () => [...versions].map(({ name, version, clients }) => [name, version, clients]);

test('counts connected clients by name and version', () => {
  const first = versions.connected('js', '5.8.0');
  versions.connected('js', '5.8.0');
  versions.connected('python', '');
  expect(counts()).toEqual([
    ['js', '5.8.0', 2],
    ['python', '', 1],
  ]);
  versions.left(first);
  expect(counts()).toEqual([
    ['js', '5.8.0', 1],
    ['python', '', 1],
  ]);
});

test('what cannot be a version counts as other', () => {
  for (const name of ['a b', 'x'.repeat(33), 'a"\n', 'é']) versions.connected(name, '1');
  versions.connected('js', '1 2');
  expect(counts()).toEqual([['other', 'other', 5]]);
});

test('names that a client makes up are bounded, and go when it does', () => {
  const made = Array.from({ length: maxVersions + 3 }, (_, n) => versions.connected(`made-up-${n}`, ''));
  expect(counts()).toHaveLength(maxVersions + 1);
  expect(counts().at(-1)).toEqual(['other', 'other', 3]);
  for (const entry of made) versions.left(entry);
  expect(counts()).toEqual([]);
  versions.connected('js', '5.8.0');
  expect(counts()).toEqual([['js', '5.8.0', 1]]);
});
