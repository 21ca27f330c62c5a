/** What the process gives the engine. */

import { expect, test } from 'vitest';
import { systemRandom } from './system-ports.js';

test('ids are all different, of 144 bits each, however many are asked for in a turn', () => {
  const ids = Array.from({ length: 1_000 }, () => systemRandom.id());
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[\w-]{24}$/);
});
