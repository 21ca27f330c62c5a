/** A configuration reaches the engine whole. */

import { expect, test } from 'vitest';
import { limitsOf } from '../config/limits.js';
import { loadConfig } from '../config/load.js';
import { defaultLimits } from '../engine/ports/limits.js';

test('every limit is an option, with its default', async () => {
  const outcome = await loadConfig({ folder: import.meta.dirname, env: {}, flags: new Map(), mode: 'production' });
  if (!outcome.ok) throw new Error('the defaults are refused');
  expect(limitsOf(outcome.config.values)).toEqual(defaultLimits);
});
