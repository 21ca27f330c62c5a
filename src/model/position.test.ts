/** Positions. */

import { expect, test } from 'vitest';
import { samePosition } from './position.js';

test('two positions are the same place only with the same offset of the same epoch', () => {
  expect(samePosition({ offset: 1, epoch: 'a' }, { offset: 1, epoch: 'a' })).toBe(true);
  expect(samePosition({ offset: 1, epoch: 'a' }, { offset: 2, epoch: 'a' })).toBe(false);
  expect(samePosition({ offset: 1, epoch: 'a' }, { offset: 1, epoch: 'b' })).toBe(false);
});
