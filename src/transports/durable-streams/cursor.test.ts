/** Cursors of live reads: the number of the interval, and never one that the reader had already. */

import { expect, test } from 'vitest';
import { cursorAt } from './cursor.js';

const atMs = Date.UTC(2026, 0, 1);

test('are the number of the interval, or greater than the one that was asked with', () => {
  const current = cursorAt(atMs, undefined, 0.5);
  expect(current).toMatch(/^\d+$/);
  expect(cursorAt(atMs, '12', 0.5)).toBe(current);
  expect(cursorAt(atMs, 'wrong', 0.5)).toBe(current);
  for (const random of [0, 0.5, 0.999]) {
    expect(Number(cursorAt(atMs, current, random))).toBeGreaterThan(Number(current));
    expect(Number(cursorAt(atMs, `${Number(current) + 50}`, random))).toBeGreaterThan(Number(current) + 50);
  }
  expect(Number(cursorAt(atMs + 20_000, undefined, 0))).toBe(Number(current) + 1);
});
