/** Subscriptions that the server makes during a connection. */

import { beforeEach, describe, expect, test } from 'vitest';
import { deferred } from '../../../test/support/engine/deferred.js';
import { EngineNode } from '../../../test/support/engine/node.js';
import type { JsonText } from '../../model/json-text.js';
import { channel } from '../channels/channel-options.js';

const json = (value: unknown) => JSON.stringify(value) as JsonText; // safe: made by JSON.stringify
const ann = { user: 'ann' };

let server: EngineNode;
let failing: boolean;
let told: string[];
let events: string[];
let verdict: boolean | Promise<boolean>;
beforeEach(async () => {
  failing = false;
  events = [];
  verdict = true;
  told = [];
  server = await EngineNode.start({
    channels: {
      'closed:{name}': channel({ history: { size: 10 }, presence: true, joinLeave: true }),
      'open:{name}': channel({ subscribe: 'anyone' }),
      'lobby:{name}': channel({ joinLeave: 'push' }),
      'asks:{name}': channel({ subscribe: () => verdict, history: { size: 10 }, presence: true, joinLeave: true }),
    },
    limits: { maxChannelsPerConnection: 2 },
    observer: {
      subscribed: ({ user }, name) => {
        told.push(`${user} ${name}`);
        events.push(`${user} in ${name}`);
      },
      unsubscribed: ({ user }, name) => events.push(`${user} out ${name}`),
    },
    broker: (memory) => {
      const subscribe = memory.subscribe.bind(memory);
      memory.subscribe = (name) => (failing ? Promise.reject(new Error('broker is away')) : subscribe(name));
      return memory;
    },
  });
});

/** From now on the application delays its decisions. */
function hold(): { readonly ask: (answer: boolean) => void } {
  const decided = deferred<boolean>();
  verdict = decided.promise;
  return { ask: decided.resolve };
}

const subscribe = (name: string, options: Parameters<typeof server.operations.subscribe>[2] = {}) =>
  server.operations.subscribe(ann, name, options);

describe('a client that the server subscribes', () => {
  test('is told, gets publications, counts as present, whatever the rule says of permissions', async () => {
    const [one, two] = [await server.connect({ sub: 'ann' }), await server.connect({ sub: 'ann' })];
    expect(await subscribe('closed:a', { data: json({ hi: 1 }), info: json('i') })).toBe(2);
    await server.operations.publish('closed:a', json(1), {});
    await server.clock.settle();
    for (const client of [one, two]) {
      expect(client.pushes('subscribe')).toMatchObject([{ data: { hi: 1 }, recoverable: true }]);
      expect(client.pushes('pub')).toMatchObject([{ data: 1, offset: 1 }]);
    }
    expect(await server.operations.presenceStats('closed:a')).toMatchObject({ numClients: 2, numUsers: 1 });
    expect(await server.operations.presence('closed:a')).toMatchObject([{ chanInfo: '"i"' }, { chanInfo: '"i"' }]);
    expect(told).toEqual(['ann closed:a', 'ann closed:a']);
  });

  test.each([
    ['closed:a', undefined, true],
    ['lobby:a', undefined, true],
    ['closed:a', { pushJoinLeave: false }, false],
    ['lobby:a', { pushJoinLeave: false }, false],
    ['open:a', { pushJoinLeave: true, joinLeave: true }, true],
  ])('in %s, with %j instead of the rule, hears who comes: %s', async (name, override, hears) => {
    const client = await server.connect({ sub: 'ann' });
    await subscribe(name, override && { override });
    await server.clock.settle();
    expect(client.pushes('join').length > 0).toBe(hears);
  });

  test('that is subscribed already is left as it is', async () => {
    const client = await server.connect({ sub: 'ann' });
    expect([await subscribe('closed:a'), await subscribe('closed:a')]).toEqual([1, 0]);
    await client.command('subscribe', { channel: 'open:a' });
    expect(await subscribe('open:a')).toBe(0);
    expect(client.pushes('subscribe')).toHaveLength(1);
  });

  test('has no more channels than it may have', async () => {
    await server.connect({ sub: 'ann' });
    expect([await subscribe('closed:a'), await subscribe('closed:b'), await subscribe('closed:c')]).toEqual([1, 1, 0]);
  });

  test('gets what was published since a place, before what comes', async () => {
    const client = await server.connect({ sub: 'ann' });
    const { position } = await server.operations.publish('closed:a', json(1), {});
    for (const value of [2, 3]) await server.operations.publish('closed:a', json(value), {});
    await subscribe('closed:a', { recoverSince: position });
    await server.operations.publish('closed:a', json(4), {});
    await server.clock.settle();
    expect(client.pushes('pub')).toMatchObject([2, 3, 4].map((data) => ({ data })));
  });

  test('is not one who may leave by itself', async () => {
    const client = await server.connect({ sub: 'ann' });
    await subscribe('closed:a');
    // No error, after which SDKs would reconnect; and the subscription continues.
    expect(await client.command('unsubscribe', { channel: 'closed:a' })).toEqual({});
    expect(client.session.subscriptions.size).toBe(1);
  });

  test('ends with 3006 when the subscription has run out', async () => {
    const client = await server.connect({ sub: 'ann' });
    await subscribe('closed:a', { expiresAtMs: server.clock.wallMs() + 5_000 });
    await server.clock.advance(4_000);
    expect(client.closeCode).toBeUndefined();
    await server.clock.advance(3_000);
    expect(client.closeCode).toBe(3006);
  });
});

/** Both may subscribe at the same time, and 105 would end the client's subscription for good. */
describe('a client that subscribes to what the server has subscribed it to', () => {
  const joins = () => events.filter((event) => !event.startsWith('eve'));

  test('gets a subscription of its own in its place, without others seeing it leave or come', async () => {
    const eve = await server.connect({ sub: 'eve' });
    await eve.command('subscribe', { channel: 'asks:a', join_leave: true });
    const client = await server.connect({ sub: 'ann' });
    await subscribe('asks:a');
    await server.operations.publish('asks:a', json(1), {});
    expect(await client.command('subscribe', { channel: 'asks:a' })).toMatchObject({ offset: 1 });
    await server.operations.publish('asks:a', json(2), {});
    await server.clock.settle();
    expect(client.pushes('pub')).toMatchObject([{ data: 1 }, { data: 2 }]);
    expect(eve.pushes('join')).toMatchObject([{ info: { user: 'eve' } }, { info: { user: 'ann' } }]);
    expect(eve.pushes('leave')).toEqual([]);
    expect(await server.operations.presenceStats('asks:a')).toMatchObject({ numClients: 2 });
    expect(server.node.ports.hub.numSubscriptions).toBe(2);
    expect(joins()).toEqual(['ann in asks:a']);
    expect(await client.command('unsubscribe', { channel: 'asks:a' })).toEqual({});
    await server.clock.settle();
    expect(joins()).toEqual(['ann in asks:a', 'ann out asks:a']);
    expect(server.node.ports.hub.numSubscriptions).toBe(1);
  });

  test('recovers what it missed, and gets nothing twice that comes meanwhile', async () => {
    const client = await server.connect({ sub: 'ann' });
    const { position } = await server.operations.publish('asks:a', json(1), {});
    await server.operations.publish('asks:a', json(2), {});
    await subscribe('asks:a');
    const { ask } = hold();
    client.send('subscribe', { channel: 'asks:a', recover: true, ...position });
    await server.clock.settle();
    await server.operations.publish('asks:a', json(3), {});
    ask(true);
    await server.operations.publish('asks:a', json(4), {});
    await server.clock.settle();
    const reply = client.messages.findIndex((message) => 'subscribe' in message);
    expect(client.messages[reply]?.subscribe).toMatchObject({ recovered: true });
    const missed = client.messages[reply]?.subscribe as { publications: { offset: number }[] };
    const later = client.messages.slice(reply + 1).flatMap(({ push }) => (push as { pub: { offset: number } }).pub);
    expect([...missed.publications, ...later].map(({ offset }) => offset)).toEqual([2, 3, 4]);
  });

  test('is left in it when it may not subscribe itself, or leaves before the answer', async () => {
    const client = await server.connect({ sub: 'ann' });
    await subscribe('closed:a');
    await subscribe('asks:a');
    expect(await client.command('subscribe', { channel: 'closed:a' })).toBe(103);
    hold();
    client.send('subscribe', { channel: 'asks:a' });
    expect(await client.command('unsubscribe', { channel: 'asks:a' })).toEqual({});
    for (const name of ['closed:a', 'asks:a']) await server.operations.publish(name, json(name), {});
    await server.clock.settle();
    expect(client.pushes('pub')).toMatchObject([{ data: 'closed:a' }, { data: 'asks:a' }]);
    expect(await server.operations.presenceStats('asks:a')).toMatchObject({ numClients: 1 });
    expect(joins()).toEqual(['ann in closed:a', 'ann in asks:a']);
  });

  test('is out of it when the server ends it before the answer, and nothing is left behind', async () => {
    const client = await server.connect({ sub: 'ann' });
    await subscribe('asks:a');
    const { ask } = hold();
    client.send('subscribe', { channel: 'asks:a' });
    await server.clock.settle();
    server.operations.unsubscribe(ann, 'asks:a');
    ask(true);
    await server.clock.settle();
    expect(client.pushes('unsubscribe')).toMatchObject([{ code: 2000 }]);
    expect(server.node.ports.hub.numSubscriptions).toBe(0);
    expect(await server.operations.presence('asks:a')).toEqual([]);
  });

  test.each([
    ['goes', () => undefined],
    ['is let in', (ask: (verdict: boolean) => void) => ask(true)],
  ])('leaves nothing behind when it %s as its connection ends', async (_, decide) => {
    const client = await server.connect({ sub: 'ann' });
    await subscribe('asks:a');
    const { ask } = hold();
    client.send('subscribe', { channel: 'asks:a' });
    await server.clock.settle();
    decide(ask);
    client.session.connectionClosed();
    await server.clock.settle();
    ask(true);
    await server.clock.settle();
    expect(server.node.ports.hub.numSubscriptions).toBe(0);
    expect(await server.operations.presence('asks:a')).toEqual([]);
  });

  test('may come first: what the server is about to make gives way, or is there when the client was refused', async () => {
    const client = await server.connect({ sub: 'ann' });
    const made = subscribe('asks:a');
    expect(await client.command('subscribe', { channel: 'asks:a' })).toEqual(expect.anything());
    await made;
    const other = subscribe('closed:a');
    expect(await client.command('subscribe', { channel: 'closed:a' })).toBe(103);
    expect(await other).toBe(1);
    for (const name of ['closed:a', 'asks:a']) await server.operations.publish(name, json(name), {});
    await server.clock.settle();
    expect(client.pushes('pub')).toMatchObject([{ data: 'closed:a' }, { data: 'asks:a' }]);
    expect(server.node.ports.hub.numSubscriptions).toBe(2);
  });
});

describe('nothing is left behind', () => {
  const expectNothing = async () => {
    expect(server.node.ports.hub.numSubscriptions).toBe(0);
    expect(await server.operations.presence('closed:a')).toEqual([]);
    expect(told).toEqual([]);
  };

  test('when the broker fails: the caller is told', async () => {
    const client = await server.connect({ sub: 'ann' });
    failing = true;
    await expect(subscribe('closed:a')).rejects.toThrow('broker is away');
    await server.clock.settle();
    await expectNothing();
    expect(client.pushes('subscribe')).toEqual([]);
    failing = false;
    expect(await subscribe('closed:a')).toBe(1);
  });

  test('when the client goes meanwhile', async () => {
    const client = await server.connect({ sub: 'ann' });
    const subscribed = subscribe('closed:a');
    client.session.connectionClosed();
    expect(await subscribed).toBe(0);
    await server.clock.settle();
    await expectNothing();
  });

  test('when it is unsubscribed meanwhile', async () => {
    const client = await server.connect({ sub: 'ann' });
    const subscribed = subscribe('closed:a');
    server.operations.unsubscribe(ann, 'closed:a');
    expect(await subscribed).toBe(0);
    await server.clock.settle();
    await expectNothing();
    expect(client.closeCode).toBeUndefined();
  });

  test('when it is not connected yet', async () => {
    const client = server.open();
    expect(await server.operations.subscribe({ user: '', client: client.session.client }, 'closed:a', {})).toBe(0);
    await expectNothing();
  });
});
