/** Limits that an application sets, and the table that declares them. */

import { describe, expect, test } from 'vitest';
import { FanfareError } from '../../model/fanfare-error.js';
import { defaultLimits, limitNames, limitPath, limitsWithDefaults, limitTable, rangeOf } from './limits.js';

describe('limits', () => {
  test('that are left out have their defaults', () => {
    expect(limitsWithDefaults({ maxQueueBytes: 2_000 })).toEqual({ ...defaultLimits, maxQueueBytes: 2_000 });
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('B107: of %d are refused, and named', (value) => {
    const refused = () => limitsWithDefaults({ maxQueueBytes: value });
    expect(refused).toThrow(FanfareError);
    expect(refused).toThrow(/limits\.maxQueueBytes/);
  });

  test.each(limitNames)('B107: %s has its default and the ends of its range, and nothing beyond them', (name) => {
    const { min, max } = rangeOf(name);
    for (const value of [min, limitTable[name].default, max]) {
      expect(limitsWithDefaults({ [name]: value })[name]).toBe(value);
    }
    for (const value of [min - 1, max + 1])
      expect(() => limitsWithDefaults({ [name]: value })).toThrow(limitPath(name));
  });

  test('may be 0 where the table says what that does', () => {
    for (const name of limitNames) expect(rangeOf(name).min === 0).toBe(limitTable[name].zero !== undefined);
  });
});
