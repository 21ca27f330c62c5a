/** Limits that an application gives. */

import { describe, expect, test } from 'vitest';
import { FanfareError } from '../../model/fanfare-error.js';
import { defaultLimits, limitsWithDefaults } from './limits.js';

describe('limits', () => {
  test('that are left out have their defaults', () => {
    expect(limitsWithDefaults({ maxQueueBytes: 1 })).toEqual({ ...defaultLimits, maxQueueBytes: 1 });
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('B107: of %d are refused, and named', (value) => {
    const refused = () => limitsWithDefaults({ maxQueueBytes: value });
    expect(refused).toThrow(FanfareError);
    expect(refused).toThrow(/limits\.maxQueueBytes/);
  });
});
