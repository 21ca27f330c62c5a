/** The longest files are there, and come first. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { longest, longestFirst } from './longest-first.mjs';

const path = (name: string) => name;

describe('the order of test files', () => {
  it('begins with the longest, in the order of the table, and leaves the others as they were', () => {
    const [first = '', second = '', third = ''] = longest;
    expect(longestFirst(['z', second, 'a', third, first], path)).toEqual([first, second, third, 'z', 'a']);
  });

  it.each(longest)('%s is a file', (name) => {
    expect(existsSync(fileURLToPath(new URL(`../${name}`, import.meta.url)))).toBe(true);
  });

  it('names none of them twice', () => expect(new Set(longest).size).toBe(longest.length));
});
