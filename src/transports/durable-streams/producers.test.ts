/** The verdicts about producers: each request counts once, and only of the newest instance. */

import { describe, expect, test } from 'vitest';
import { judge, withStamp } from './producers.js';

const known = [{ id: 'a', epoch: 2, seq: 5, atMs: 0 }];

describe('an append', () => {
  test.each([
    ['of a new producer begins with 0', { id: 'b', epoch: 0, seq: 0 }, { kind: 'next' }],
    ['of a new producer that begins later misses some', { id: 'b', epoch: 7, seq: 3 }, { kind: 'gap', expected: 0 }],
    ['that follows', { id: 'a', epoch: 2, seq: 6 }, { kind: 'next' }],
    ['that comes again', { id: 'a', epoch: 2, seq: 5 }, { kind: 'repeated', seq: 5 }],
    ['that comes again much later', { id: 'a', epoch: 2, seq: 0 }, { kind: 'repeated', seq: 5 }],
    ['before which others are missing', { id: 'a', epoch: 2, seq: 8 }, { kind: 'gap', expected: 6 }],
    ['of an instance that was replaced', { id: 'a', epoch: 1, seq: 6 }, { kind: 'fenced', epoch: 2 }],
    ['of a new instance', { id: 'a', epoch: 3, seq: 0 }, { kind: 'next' }],
    ['of a new instance that does not begin with 0', { id: 'a', epoch: 3, seq: 6 }, { kind: 'wrong-beginning' }],
  ])('%s', (_, stamp, verdict) => expect(judge(known, stamp)).toEqual(verdict));
});

test('G11: the producers that have not appended for longest are forgotten', () => {
  let producers: ReturnType<typeof withStamp> = [];
  for (let n = 0; n < 300; n++) producers = withStamp(producers, { id: `p${n}`, epoch: 0, seq: 0 }, n);
  producers = withStamp(producers, { id: 'p44', epoch: 0, seq: 1 }, 300);
  expect(producers).toHaveLength(256);
  expect(judge(producers, { id: 'p299', epoch: 0, seq: 0 })).toEqual({ kind: 'repeated', seq: 0 });
  expect(judge(producers, { id: 'p44', epoch: 0, seq: 1 })).toEqual({ kind: 'repeated', seq: 1 });
  expect(judge(producers, { id: 'p43', epoch: 0, seq: 0 })).toEqual({ kind: 'next' });
});
