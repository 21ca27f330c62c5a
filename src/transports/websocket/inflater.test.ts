/** Decompressing the messages of clients: what is accepted, and how much of it in one turn of the loop. */

import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { Counters } from '../../engine/ports/counters.js';
import { Inflater } from './inflater.js';

const maxFrameBytes = 65_536;

function inflater() {
  const tasks: (() => void)[] = [];
  const clock = { afterTurn: (task: () => void) => void tasks.push(task) };
  const counters = new Counters();
  const endTurn = () => {
    for (const task of tasks.splice(0)) task();
  };
  return { inflater: new Inflater({ clock, counters, limits: { maxFrameBytes } }), counters, endTurn };
}

/** As senders do it (RFC 7692 section 7.2.1). */
function deflated(message: string | Buffer): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

describe('a compressed message', () => {
  const { inflater: one } = inflater();

  test.each([
    ['a short one', 'Hello'],
    ['an empty one', ''],
    ['the longest there may be', 'x'.repeat(maxFrameBytes)],
  ])('is what was sent: %s', (_, message) => expect(one.inflate(deflated(message))?.toString()).toBe(message));

  test.each([
    ['section 7.2.3.1', 'f248cdc9c90700'],
    ['section 7.2.3.3, without compression', '000500faff48656c6c6f00'],
    ['section 7.2.3.4, with a final block', 'f348cdc9c9070000'],
    ['section 7.2.3.5, in two blocks', 'f248050000 00ffff cac9c90700'.replaceAll(' ', '')],
    ['a final block and nothing behind it', 'f348cdc9c90700'],
  ])('is what the RFC says it is: %s', (_, hex) => {
    expect(one.inflate(Buffer.from(hex, 'hex'))?.toString()).toBe('Hello');
  });

  test('B32: one that is too long is not decompressed to its end', () => {
    const { inflater: another, counters } = inflater();
    expect(another.inflate(deflated(Buffer.alloc(4 * 1_024 * 1_024)))?.length).toBe(maxFrameBytes + 1);
    expect(another.inflate(deflated('x'.repeat(maxFrameBytes + 1)))?.length).toBe(maxFrameBytes + 1);
    expect(counters.inflatedMessages).toBe(2);
  });

  // Memory of its own for each of a flood was more than Node 26 collected meanwhile: 24 MiB after 400 of them.
  test.each([
    ['a short one', 'Hello'],
    ['the longest there may be', 'x'.repeat(maxFrameBytes)],
    ['one that is too long', 'x'.repeat(maxFrameBytes * 3)],
  ])('B32: lies in the memory of those before it: %s', (_, message) => {
    const payload = deflated(message);
    const { buffer } = one.inflate(deflated('before')) ?? {};
    const allocate = vi.spyOn(Buffer, 'allocUnsafe');
    expect(one.inflate(payload)?.buffer).toBe(buffer);
    const bytes = allocate.mock.calls.reduce((sum, [size]) => sum + size, 0);
    allocate.mockRestore();
    expect(bytes).toBeLessThan(1_024);
  });

  test.each([
    ['a block type that there is not', 'ffffffff'],
    ['a distance beyond the start', '4b04a200'],
    ['data behind a final block', 'f348cdc9c90700f248cdc9c90700'],
  ])('B33: is refused with %s', (_, hex) => expect(one.inflate(Buffer.from(hex, 'hex'))).toBeUndefined());
});

describe('the work of one turn of the loop', () => {
  test('begins after what is under way', async () => {
    const { inflater: one } = inflater();
    const done: string[] = [];
    const run = () => done.push('inflated');
    one.soon({ run });
    done.push('returned');
    await new Promise(process.nextTick);
    expect(done).toEqual(['returned', 'inflated']);
  });

  test('B32: is bounded, and the rest waits for later turns, in its order', async () => {
    const { inflater: one, endTurn } = inflater();
    const done: number[] = [];
    for (let n = 0; n < 10; n++) one.soon({ run: () => done.push(n) && 100_000 });
    await new Promise(process.nextTick);
    expect(done).toEqual([0, 1, 2]);
    one.soon({ run: () => done.push(10) && 0 });
    await new Promise(process.nextTick);
    expect(done).toEqual([0, 1, 2]);
    endTurn();
    expect(done).toEqual([0, 1, 2, 3, 4, 5]);
    endTurn();
    endTurn();
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    endTurn();
    one.soon({ run: () => done.push(11) });
    await new Promise(process.nextTick);
    expect(done.at(-1)).toBe(11);
  });

  test('B32: counts small messages too', async () => {
    const { inflater: one } = inflater();
    let numDone = 0;
    const again = {
      run() {
        numDone++;
        one.soon(again);
        return 0;
      },
    };
    one.soon(again);
    await new Promise(process.nextTick);
    await new Promise(process.nextTick);
    expect(numDone).toBe(256);
  });
});
