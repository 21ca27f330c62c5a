/** Slots of a Redis Cluster, against values of its specification and of a real server. */

import { expect, test } from 'vitest';
import { slotOf } from './slots.js';

test.each([
  // CRC-16/XMODEM of its check value is 0x31c3.
  ['123456789', 0x31c3],
  ['foo', 12182],
  ['{user1000}.following', slotOf('user1000')],
  ['foo{}{bar}', slotOf('foo{}{bar}')],
  ['foo{{bar}}zap', slotOf('{bar')],
  ['foo{bar}{zap}', slotOf('bar')],
  ['fanfare:bus:{news}', slotOf('news')],
])('%s', (name, slot) => expect(slotOf(name)).toBe(slot));

test('an empty tag is none, and letters count as their bytes', () => {
  expect(slotOf('{}a')).not.toBe(slotOf('{}b'));
  expect(slotOf('{ä}')).not.toBe(slotOf('{a}'));
});
