/** Batches are numbered, sent again until they are acknowledged, and bounded. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BatchQueue } from './batch-queue.js';

const frame = (text: string) => Buffer.from(text);

test('gives everything that is queued as one batch, and the same one until it is acknowledged', () => {
  const queue = new BatchQueue(100);
  expect(queue.next()).toBeUndefined();
  queue.push(frame('a'));
  queue.push(frame('bc'));
  const batch = queue.next();
  expect(batch).toEqual({ seq: 1, frames: [frame('a'), frame('bc')] });
  queue.push(frame('d'));
  expect(queue.next()).toBe(batch);
  expect(queue.bytes).toBe(4);
  expect(queue.acknowledge(1)).toBe('taken');
  expect(queue.bytes).toBe(1);
  expect(queue.next()).toEqual({ seq: 2, frames: [frame('d')] });
});

test('tells acknowledgements that are known, late and impossible', () => {
  const queue = new BatchQueue(100);
  expect(queue.acknowledge(0)).toBe('known');
  expect(queue.acknowledge(1)).toBe('impossible');
  queue.push(frame('a'));
  // Not sent yet.
  expect(queue.acknowledge(1)).toBe('impossible');
  queue.next();
  expect(queue.acknowledge(0)).toBe('known');
  expect(queue.acknowledge(2)).toBe('impossible');
  expect(queue.acknowledge(1)).toBe('taken');
  expect(queue.acknowledge(1)).toBe('known');
  expect(queue.acknowledge(0)).toBe('late');
});

test('a batch ends before the frame that would make it too large; a frame that is too large goes alone', () => {
  const queue = new BatchQueue(4);
  for (const text of ['aa', 'bb', 'c', 'dddddd', 'e']) queue.push(frame(text));
  const sizes: string[][] = [];
  for (let batch = queue.next(); batch !== undefined; batch = queue.next()) {
    sizes.push(batch.frames.map(String));
    queue.acknowledge(batch.seq);
  }
  expect(sizes).toEqual([['aa', 'bb'], ['c'], ['dddddd'], ['e']]);
  expect(queue.bytes).toBe(0);
});

test('G1, G3: whatever is lost, all frames arrive once, in order, in bounded batches', () => {
  const step = fc.oneof(
    fc.record({ push: fc.string({ minLength: 1, maxLength: 12 }) }),
    fc.record({ poll: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new BatchQueue(20);
      const [pushed, received]: [string[], string[]] = [[], []];
      let ack = 0;
      const poll = (arrives: boolean) => {
        expect(queue.acknowledge(ack)).not.toBe('impossible');
        const batch = queue.next();
        if (batch === undefined || !arrives) return;
        expect(batch.seq).toBe(ack + 1);
        ack = batch.seq;
        const texts = batch.frames.map(String);
        if (texts.length > 1) expect(Buffer.byteLength(texts.join(''))).toBeLessThanOrEqual(20);
        received.push(...texts);
      };
      for (const taken of steps) {
        if ('push' in taken) {
          pushed.push(taken.push);
          queue.push(frame(taken.push));
        } else poll(taken.poll);
      }
      for (let n = 0; n <= pushed.length; n++) poll(true);
      expect(received).toEqual(pushed.map((text) => frame(text).toString()));
      expect(queue.acknowledge(ack)).not.toBe('impossible');
      expect(queue.bytes).toBe(0);
    }),
  );
});
