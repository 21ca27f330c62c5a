/** Frames that have overtaken each other. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import { FrameOrder } from './frame-order.js';

function start(maxWaitingBytes = 10_000) {
  const clock = new FakeClock();
  const delivered: string[] = [];
  const order = new FrameOrder(centrifugalJson, clock, maxWaitingBytes, (frame) => delivered.push(String(frame)));
  order.add(connect);
  return { clock, order, delivered: () => delivered.slice(1) };
}

const connect = '{"id":7,"connect":{}}';
const rpc = (id: number) => `{"rpc":{"method":"m"},"id":${id}}`;

describe('the order of frames', () => {
  test('is that of their numbers, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([8, 9, 10, 11, 12, 13], { minLength: 6 }), (ids) => {
        const { order, delivered } = start();
        for (const id of ids) order.add(rpc(id));
        expect(delivered()).toEqual([8, 9, 10, 11, 12, 13].map(rpc));
      }),
    );
  });

  test('a frame of several commands counts for all of them', () => {
    const { order, delivered } = start();
    const batch = `${rpc(9)}\n${rpc(10)}`;
    for (const frame of [rpc(11), batch, rpc(8)]) order.add(frame);
    expect(delivered()).toEqual([rpc(8), batch, rpc(11)]);
  });

  test('what has no number waits for nobody', () => {
    const { order, delivered } = start();
    order.add(rpc(9));
    order.add('{}');
    order.add('{"send":{"data":1}}');
    expect(delivered()).toEqual(['{}', '{"send":{"data":1}}']);
  });

  test('garbage, and numbers that have been, go on at once: the session knows what to do with them', () => {
    const { order, delivered } = start();
    for (const frame of ['garbage', rpc(7), rpc(1)]) order.add(frame);
    expect(delivered()).toEqual(['garbage', rpc(7), rpc(1)]);
  });
});

/** A browser or proxy that repeated a request once had its connection closed for good with 3501. */
describe('a request that comes twice', () => {
  test('is taken once, whenever the second comes', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([8, 9, 10, 11, 8, 9, 10, 11, 10, 8], { minLength: 10 }), (ids) => {
        const { order, delivered } = start();
        for (const id of ids) order.add(rpc(id));
        expect(delivered()).toEqual([8, 9, 10, 11].map(rpc));
      }),
    );
  });

  test('is known by its numbers alone when that was long ago', () => {
    const { order, delivered } = start();
    for (let id = 8; id < 1_000; id++) order.add(rpc(id));
    for (let id = 8; id < 1_000; id++) order.add(rpc(id));
    order.add(connect);
    expect(delivered()).toHaveLength(992);
  });

  test('of several commands, too', () => {
    const { order, delivered } = start();
    const batch = `${rpc(8)}\n${rpc(9)}`;
    for (const frame of [batch, batch, rpc(10), batch]) order.add(frame);
    expect(delivered()).toEqual([batch, rpc(10)]);
  });

  test('is no repetition when it comes late and once, after it was given up', async () => {
    const { clock, order, delivered } = start();
    order.add(rpc(11));
    await clock.advance(1_000);
    for (const id of [9, 9, 8, 10, 8]) order.add(rpc(id));
    expect(delivered()).toEqual([11, 9, 8, 10].map(rpc));
  });

  test('with other bytes is a mistake of the client, which the session judges', () => {
    const { order, delivered } = start();
    const other = '{"id":8,"ping":{}}';
    for (const frame of [rpc(8), other]) order.add(frame);
    expect(delivered()).toEqual([rpc(8), other]);
  });
});

describe('a request that is lost', () => {
  test('is waited for a second, once', async () => {
    const { clock, order, delivered } = start();
    order.add(rpc(10));
    order.add(rpc(9));
    await clock.advance(999);
    expect(delivered()).toEqual([]);
    await clock.advance(1);
    expect(delivered()).toEqual([9, 10].map(rpc));
    order.add(rpc(11));
    expect(delivered()).toEqual([9, 10, 11].map(rpc));
    order.add(rpc(8));
    expect(delivered()).toEqual([9, 10, 11, 8].map(rpc));
    expect(clock.numTimers).toBe(0);
  });

  test('gets its second anew when others before it have come', async () => {
    const { clock, order, delivered } = start();
    for (const id of [9, 11]) order.add(rpc(id));
    await clock.advance(999);
    order.add(rpc(8));
    await clock.advance(999);
    expect(delivered()).toEqual([8, 9].map(rpc));
    order.add(rpc(10));
    expect(delivered()).toEqual([8, 9, 10, 11].map(rpc));
    expect(clock.numTimers).toBe(0);
  });

  test('G11: does not hold back more than 64 frames', () => {
    const { order, delivered } = start();
    for (let id = 9; id < 9 + 64; id++) order.add(rpc(id));
    expect(delivered()).toEqual([]);
    order.add(rpc(100));
    expect(delivered()).toHaveLength(65);
  });

  test('G11: does not hold back more bytes than allowed', () => {
    const { order, delivered } = start(100);
    order.add(rpc(9));
    expect(delivered()).toEqual([]);
    order.add(`{"rpc":{"method":"${'m'.repeat(100)}"},"id":11}`);
    expect(delivered()).toHaveLength(2);
  });

  test('of a session that is over leaves no timer', async () => {
    const { clock, order, delivered } = start();
    order.add(rpc(9));
    order.close();
    await clock.advance(2_000);
    expect(delivered()).toEqual([]);
    expect(clock.numTimers).toBe(0);
  });
});
