/** A change of the sources that moves the place of a mutant is noticed with the change, not when the mutants are run next. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutants, undone } from './mutants.mjs';

const root = join(import.meta.dirname, '..', '..', '..');

test.each([...mutants, ...undone])('has one place in the sources: $name', ({ file, from, to }) => {
  expect(readFileSync(join(root, file), 'utf8').split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});
