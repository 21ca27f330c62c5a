import { describe, expect, it } from 'vitest';
import { toJoinLeaveWish } from './join-leave-wish.js';

describe('toJoinLeaveWish', () => {
  it('takes a channel and a yes or no', () => {
    expect(toJoinLeaveWish({ channel: 'a', joinLeave: false })).toEqual({ channel: 'a', joinLeave: false });
  });

  it.each([
    null,
    'a',
    1,
    [],
    {},
    { channel: 'a' },
    { channel: 1, joinLeave: true },
    { channel: 'a', joinLeave: 'yes' },
  ])('takes nothing else: %j', (value) => expect(toJoinLeaveWish(value)).toBeUndefined());
});
