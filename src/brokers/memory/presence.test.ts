/** The clients in each channel, in memory. */

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { MemoryPresence } from './presence.js';

const channel = channelName('c');
const ttlMs = 60_000;

let clock: FakeClock;
let presence: MemoryPresence;
beforeEach(() => {
  clock = new FakeClock();
  presence = new MemoryPresence(clock);
});

const add = (user: string, client: string) => presence.add(channel, { user, client }, ttlMs);
const clients = async () => (await presence.list(channel, 100)).map(({ client }) => client).sort();

describe('presence', () => {
  test('lists everyone once and counts users of several connections once', async () => {
    await add('u1', 'a');
    await add('u1', 'b');
    await add('', 'c');
    await add('', 'd');
    expect(await clients()).toEqual(['a', 'b', 'c', 'd']);
    expect(await presence.stats(channel)).toEqual({ numClients: 4, numUsers: 2 });
    await presence.remove(channel, 'b');
    await presence.remove(channel, 'c');
    await presence.remove(channel, 'd');
    expect(await presence.stats(channel)).toEqual({ numClients: 1, numUsers: 1 });
  });

  test('a renewal replaces the entry, also under another user', async () => {
    await add('u1', 'a');
    await presence.add(channel, { user: 'u2', client: 'a' }, ttlMs);
    expect((await presence.list(channel, 9)).map(({ user }) => user)).toEqual(['u2']);
    expect(await presence.stats(channel)).toEqual({ numClients: 1, numUsers: 1 });
  });

  test('G8: an entry that is not renewed is gone after its time', async () => {
    await add('u1', 'a');
    await add('u2', 'b');
    await clock.advance(ttlMs - 1);
    await add('u2', 'b');
    expect(await clients()).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(await clients()).toEqual(['b']);
    expect(await presence.stats(channel)).toEqual({ numClients: 1, numUsers: 1 });
    await clock.advance(ttlMs);
    expect(await clients()).toEqual([]);
  });

  test('a sweep frees what has expired', async () => {
    await add('u1', 'a');
    await clock.advance(ttlMs);
    for (const _ of presence.sweep());
    expect(await presence.stats(channel)).toEqual({ numClients: 0, numUsers: 0 });
  });

  test('B53: lists at most as many as asked for', async () => {
    for (let i = 0; i < 10; i++) await add('u', `${i}`);
    expect(await presence.list(channel, 3)).toHaveLength(3);
    expect(await presence.list(channel, 0)).toEqual([]);
    expect((await presence.stats(channel)).numClients).toBe(10);
  });

  test('an unknown channel is empty, and removing from it does no harm', async () => {
    await presence.remove(channel, 'a');
    expect(await clients()).toEqual([]);
    expect(await presence.stats(channel)).toEqual({ numClients: 0, numUsers: 0 });
  });

  test('channels are apart, and clearing empties all', async () => {
    await add('u', 'a');
    await presence.add(channelName('other'), { user: 'u', client: 'a' }, ttlMs);
    await presence.remove(channel, 'a');
    expect(await presence.list(channelName('other'), 9)).toHaveLength(1);
    presence.clear();
    expect(await presence.list(channelName('other'), 9)).toEqual([]);
  });

  test('G8: after any comings, goings and waits, it is what a plain map would be', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), client: fc.nat({ max: 4 }), user: fc.nat({ max: 2 }) }),
      fc.record({ kind: fc.constant('remove' as const), client: fc.nat({ max: 4 }) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 40_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const time = new FakeClock();
        const store = new MemoryPresence(time);
        const expected = new Map<string, { user: string; goneAtMs: number }>();
        for (const next of steps) {
          if (next.kind === 'add') {
            const client = `${next.client}`;
            await store.add(channel, { user: `${next.user}`, client }, ttlMs);
            expected.set(client, { user: `${next.user}`, goneAtMs: time.nowMs() + ttlMs });
          } else if (next.kind === 'remove') {
            await store.remove(channel, `${next.client}`);
            expected.delete(`${next.client}`);
          } else await time.advance(next.ms);
        }
        const alive = [...expected].filter(([, { goneAtMs }]) => goneAtMs > time.nowMs());
        const listed = await store.list(channel, 100);
        expect(listed.map(({ client }) => client).sort()).toEqual(alive.map(([client]) => client).sort());
        expect(await store.stats(channel)).toEqual({
          numClients: alive.length,
          numUsers: new Set(alive.map(([, { user }]) => user)).size,
        });
      }),
    );
  });
});
