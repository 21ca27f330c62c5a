import { expect, it } from 'vitest';
import { toJoinLeaveWish } from './join-leave-wish.js';

it('takes a channel and a yes or no', () => {
  expect(toJoinLeaveWish({ channel: 'a', joinLeave: false })).toEqual({ channel: 'a', joinLeave: false });
});

const otherArguments = [
  null,
  'a',
  1,
  [],
  {},
  { channel: 'a' },
  { channel: 1, joinLeave: true },
  { channel: 'a', joinLeave: 'yes' },
];
it.each(otherArguments)('takes nothing else: %j', (value) => expect(toJoinLeaveWish(value)).toBeUndefined());
