/** Fields without a value are absent; all others stay as they are. */

import { expect, test } from 'vitest';
import { defined } from './defined.js';

test('only undefined is left out', () => {
  const kept = defined({ none: undefined, nothing: null, no: false, zero: 0, empty: '' });
  expect(kept).toStrictEqual({ nothing: null, no: false, zero: 0, empty: '' });
});
