/** Presence as maps on a fake clock: keys come and go with the clients of the channel that they show. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChannelOptions, channel } from '../../src/engine/channels/channel-options.js';
import { channelName } from '../support/engine/channel-name.js';
import type { FakeClock } from '../support/engine/fake-clock.js';
import { type EngineClient, EngineNode, type EngineNodeOptions } from '../support/engine/node.js';

const room: ChannelOptions = { subscribe: 'anyone', presence: true };
const channels = {
  'room:{id}': channel(room),
  'here:{channel*}': channel({ subscribe: 'anyone', map: { presence: 'clients' } }),
  'users:{channel*}': channel({ subscribe: 'anyone', map: { presence: 'users' } }),
};

async function started(options: Partial<EngineNodeOptions> = {}) {
  const node = await EngineNode.start({ channels, ...options });
  const { clock } = node;
  const connect = (user = '') => node.connect(user === '' ? {} : { sub: user });
  const subscribe = async (client: EngineClient, name = 'room:1') => client.command('subscribe', { channel: name });
  const leave = async (client: EngineClient, name = 'room:1') => client.command('unsubscribe', { channel: name });
  const entries = async (name: string) => {
    await clock.settle();
    const { state } = await node.operations.readMap(name, { after: 0, limit: 1_000 });
    return state.entries;
  };
  const keys = async (name: string) => (await entries(name)).map(({ key }) => key).sort();
  const changes = async (name: string) => {
    await clock.settle();
    const { publications } = await node.operations.history(name, { limit: 100, reverse: false });
    return publications.map(({ key, removed }) => `${removed === true ? '-' : '+'}${key}`);
  };
  return { node, clock, connect, subscribe, leave, entries, keys, changes };
}

/** Passes time in which these clients answer each ping. */
async function answering(clients: readonly EngineClient[], clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 4_000) {
    const before = clients.map(numPings);
    await clock.advance(4_000);
    for (const [n, client] of clients.entries()) if (numPings(client) > (before[n] ?? 0)) client.session.receive('{}');
  }
}

function numPings({ messages }: EngineClient): number {
  return messages.filter((message) => Object.keys(message).length === 0).length;
}

describe('presence as maps', () => {
  test('who subscribes is a key with its info, until it unsubscribes or goes', async () => {
    const { connect, subscribe, leave, entries, keys, changes } = await started();
    const [ann, bob, anonymous] = [await connect('ann'), await connect('bob'), await connect()];
    for (const client of [ann, bob, anonymous]) await subscribe(client);
    expect(await keys('here:room:1')).toEqual([ann, bob, anonymous].map(({ session }) => session.client).sort());
    expect(await entries('here:room:1')).toMatchObject([
      { data: 'null', info: { user: 'ann', client: ann.session.client } },
      { info: { user: 'bob', client: bob.session.client } },
      { info: { user: '', client: anonymous.session.client } },
    ]);
    expect(await keys('users:room:1')).toEqual(['ann', 'bob']);
    await leave(ann);
    bob.session.connectionClosed();
    anonymous.session.connectionClosed();
    expect(await keys('here:room:1')).toEqual([]);
    expect(await changes('users:room:1')).toEqual(['+ann', '+bob', '-ann', '-bob']);
  });

  test('a user is one key, until the last of its connections goes', async () => {
    const { connect, subscribe, leave, changes } = await started();
    const [first, second] = [await connect('ann'), await connect('ann')];
    await subscribe(first);
    await subscribe(second);
    await leave(first);
    expect(await changes('users:room:1')).toEqual(['+ann']);
    second.session.connectionClosed();
    expect(await changes('users:room:1')).toEqual(['+ann', '-ann']);
  });

  test('keys of who stays are renewed without a change', async () => {
    const { clock, connect, subscribe, changes } = await started();
    const ann = await connect('ann');
    await subscribe(ann);
    await answering([ann], clock, 240_000);
    expect([await changes('here:room:1'), await changes('users:room:1')]).toEqual([
      [`+${ann.session.client}`],
      ['+ann'],
    ]);
  });

  test('a key that the store has lost comes back with the next renewal', async () => {
    const { node, clock, connect, subscribe, keys } = await started();
    const ann = await connect('ann');
    await subscribe(ann);
    const limits = { stream: { size: 10, ttlMs: 60_000 }, maxKeys: 10 };
    for (const [name, key] of [
      ['here:room:1', ann.session.client],
      ['users:room:1', 'ann'],
    ] as const) {
      await node.broker.maps?.remove(
        channelName(name),
        { key, data: node.node.ports.random.id() as never },
        { limits },
      );
    }
    expect(await keys('users:room:1')).toEqual([]);
    await answering([ann], clock, 60_000);
    expect([await keys('here:room:1'), await keys('users:room:1')]).toEqual([[ann.session.client], ['ann']]);
  });

  test('a subscriber of the map is told who comes and goes, and is not in it for that', async () => {
    const { connect, subscribe, leave, keys } = await started();
    const [watcher, ann] = [await connect('watcher'), await connect('ann')];
    await subscribe(watcher);
    expect(await watcher.command('subscribe', { channel: 'here:room:1', type: 2, phase: 2 })).toMatchObject({
      state: [{ key: watcher.session.client, info: { user: 'watcher' } }],
    });
    await subscribe(ann);
    await leave(ann);
    expect(watcher.pushes('pub')).toMatchObject([
      { key: ann.session.client, info: { user: 'ann' } },
      { key: ann.session.client, removed: true },
    ]);
    // It no longer looks, and is still there.
    await leave(watcher, 'here:room:1');
    expect(await keys('here:room:1')).toEqual([watcher.session.client]);
  });

  test('nobody sets or removes its keys: 108 for clients, ERR_NOT_AVAILABLE for the server', async () => {
    const { node, connect, subscribe } = await started();
    const ann = await connect('ann');
    await subscribe(ann);
    const change = { channel: 'users:room:1', key: 'ann', data: 1, type: 1 };
    expect(await ann.command('publish', change)).toBe(108);
    expect(await ann.command('publish', { ...change, removed: true })).toBe(108);
    await expect(
      node.operations.changeMap('users:room:1', { key: 'x', data: '1' as never, removed: false }, {}),
    ).rejects.toMatchObject({ code: 'ERR_NOT_AVAILABLE' });
  });

  test('who may not subscribe to the map does not see it, and a map with another first word shows nothing', async () => {
    const { connect, subscribe, keys } = await started({
      channels: {
        ...channels,
        'here:{channel*}': channel({ subscribe: 'nobody', map: { presence: 'clients' } }),
        'plain:{channel*}': channel({ subscribe: 'anyone', map: {} }),
      },
    });
    const ann = await connect('ann');
    await subscribe(ann);
    expect(await ann.command('subscribe', { channel: 'here:room:1', type: 2, phase: 2 })).toBe(103);
    expect(await keys('plain:room:1')).toEqual([]);
  });

  test('a map has no more keys than it may have, and the log has the option', async () => {
    const { node, connect, subscribe, keys } = await started({
      channels: {
        'room:{id}': channel(room),
        'here:{channel*}': channel({ map: { presence: 'clients', size: 1 } }),
      },
    });
    const [ann, bob] = [await connect('ann'), await connect('bob')];
    await subscribe(ann);
    await subscribe(bob);
    expect(await keys('here:room:1')).toEqual([ann.session.client]);
    const { events } = node.node.ports.recentEvents.after(0, 100, () => true);
    expect(events.map(({ fields }) => fields.option)).toContain('channels → here:{channel*} → map.size');
  });

  test('whatever clients do, the keys are who is there', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ client: fc.nat({ max: 3 }), does: fc.constantFrom('join', 'leave', 'go', 'wait' as const) }),
          { maxLength: 30 },
        ),
        async (steps) => {
          const node = await new EngineNode({ channels }).start();
          const clients = new Map<number, EngineClient>();
          const present = new Set<number>();
          for (const { client, does } of steps) {
            const known = clients.get(client) ?? (await node.connect({ sub: `u${client % 2}` }));
            clients.set(client, known);
            if (does === 'join') {
              await known.command('subscribe', { channel: 'room:1' });
              present.add(client);
            } else if (does === 'leave') await known.command('unsubscribe', { channel: 'room:1' });
            else if (does === 'go') known.session.connectionClosed();
            else await answering([...clients.values()], node.clock, 8_000);
            if (does === 'leave' || does === 'go') present.delete(client);
            if (does === 'go') clients.delete(client);
            await node.clock.settle();
            const keys = async (name: string) =>
              (await node.operations.readMap(name, { after: 0, limit: 100 })).state.entries
                .map(({ key }) => key)
                .sort();
            const ids = [...present].map((each) => clients.get(each)?.session.client);
            expect(await keys('here:room:1')).toEqual(ids.sort());
            expect(await keys('users:room:1')).toEqual([...new Set([...present].map((each) => `u${each % 2}`))].sort());
          }
          await node.close();
        },
      ),
      { numRuns: 60 },
    ));
});
