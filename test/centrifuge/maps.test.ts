/** Maps with the official client, in both codecs: each answer of the server's in what the application sees. */

import { Centrifuge, type MapSyncContext } from 'centrifuge';
import { describe, expect, test, vi } from 'vitest';
import { NatsBroker } from '../../src/brokers/nats/broker.js';
import type { BrokerPorts } from '../../src/brokers/ports.js';
import { RedisBroker } from '../../src/brokers/redis/broker.js';
import { NatsServer, natsIsMissing } from '../support/brokers/nats-server.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, shared } from '../support/brokers/suites.js';
import { gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { MapServer, Viewer } from '../support/centrifuge/maps-app.js';
import { newProtobufClient } from '../support/centrifuge/protobuf-client.js';
import type { ClientMaker } from '../support/centrifuge/scenario-app.js';

type Row = (server: MapServer) => Promise<void>;

/** The code with which a subscription is ended. */
async function codeOfEnd({ subscription }: Viewer): Promise<number> {
  const ended = nextEvent(subscription, 'unsubscribed');
  subscription.subscribe();
  return (await ended).code;
}

/** A viewer that is cut off from the server. */
async function cutOff(server: MapServer, options: ConstructorParameters<typeof Viewer>[2] = {}) {
  const viewer = await new Viewer(await server.client(), 'map:room', options).subscribed();
  await viewer.syncs.atLeast(1);
  const lost = nextEvent(viewer.subscription, 'subscribing');
  await server.proxy.cut();
  await lost;
  return {
    viewer,
    /** Restores the line. @returns how the subscription began again */
    restored: () => {
      const back = nextEvent(viewer.subscription, 'subscribed');
      server.proxy.restore();
      return back;
    },
  };
}

const refused = (code: number) => expect.objectContaining({ code });

const rows: Readonly<Record<string, Row>> = {
  async 'the state comes in one page'(server) {
    await server.fill(5);
    const viewer = await new Viewer(await server.client()).subscribed();
    expect(await viewer.syncs.atLeast(1)).toEqual([5]);
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'a map without keys is an empty state'(server) {
    const viewer = await new Viewer(await server.client()).subscribed();
    expect(await viewer.syncs.atLeast(1)).toEqual([0]);
  },

  async 'the state comes in several pages, as one event'(server) {
    await server.fill(25);
    const viewer = await new Viewer(await server.client(), 'map:room', { pageSize: 10 }).subscribed();
    expect(await viewer.syncs.atLeast(1)).toEqual([25]);
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'keys and values are what was set'(server) {
    const values = { 'a b': null, 'ключ 🎺': { deep: [1, 'x', false] }, '"': '"', __proto__x: 1.5, '\n': [] };
    for (const [key, value] of Object.entries(values)) await server.map().set(key, value);
    const viewer = await new Viewer(await server.client()).subscribed();
    await viewer.syncs.atLeast(1);
    expect(viewer.entries).toEqual(values);
  },

  async 'the subscribed event has the position, the state, and no recovery'(server) {
    await server.fill(3);
    const viewer = new Viewer(await server.client());
    const subscribed = nextEvent(viewer.subscription, 'subscribed');
    viewer.subscription.subscribe();
    const { recoverable, recovered, wasRecovering, streamPosition, state } = await subscribed;
    expect({ recoverable, recovered, wasRecovering }).toEqual({
      recoverable: true,
      recovered: false,
      wasRecovering: false,
    });
    expect(streamPosition?.offset).toBe(3);
    expect((state as { key: string; offset?: number }[]).map(({ key, offset }) => [key, offset])).toEqual([
      ['k0', 1],
      ['k1', 2],
      ['k2', 3],
    ]);
  },

  async 'a set and a removal by the server are updates'(server) {
    const viewer = await new Viewer(await server.client()).subscribed();
    await server.map().set('a', 1);
    await server.map().set('a', 2);
    await server.map().remove('a');
    expect(await viewer.updates.atLeast(3)).toEqual(['a=1', 'a=2', '-a']);
  },

  async 'a set and a removal by a client reach the others, with who it was'(server) {
    const [writer, reader] = [
      await new Viewer(await server.client('ann')).subscribed(),
      await new Viewer(await server.client()).subscribed(),
    ];
    const update = nextEvent(reader.subscription, 'update');
    await writer.subscription.publish('a', { n: 1 });
    expect((await update).info?.user).toBe('ann');
    await writer.subscription.remove('a');
    expect(await reader.updates.atLeast(2)).toEqual(['a={"n":1}', '-a']);
    expect(await writer.updates.atLeast(2)).toEqual(['a={"n":1}', '-a']);
  },

  async 'a client may set and remove keys without a subscription object'(server) {
    const client = await server.client();
    const viewer = await new Viewer(client).subscribed();
    await client.mapPublish('map:room', 'a', 1);
    await client.mapRemove('map:room', 'a');
    expect(await viewer.updates.atLeast(2)).toEqual(['a=1', '-a']);
  },

  async 'removing a key that is not there is no error and no update'(server) {
    const viewer = await new Viewer(await server.client()).subscribed();
    await viewer.subscription.remove('nothing');
    await viewer.subscription.publish('a', 1);
    expect(await viewer.updates.atLeast(1)).toEqual(['a=1']);
  },

  async 'what changes between two pages is in the state once, as it is then'(server) {
    await server.fill(20);
    let page = 0;
    server.broker.beforePage = async () => {
      page++;
      await server.map().set('k0', `set before page ${page}`);
      await server.map().remove(`k${page + 3}`);
      await server.map().set(`new ${page}`, page);
    };
    const viewer = await new Viewer(await server.client(), 'map:room', { pageSize: 5 }).subscribed();
    await viewer.syncs.atLeast(1);
    server.broker.beforePage = undefined;
    expect(page).toBeGreaterThan(3);
    expect(viewer.entries).toEqual(await server.stateOf());
    expect(viewer.updates.items).toEqual([]);
  },

  async 'more changes between two pages than one reply has come in further pages'(server) {
    await server.fill(10);
    let page = 0;
    server.broker.beforePage = async () => {
      if (++page === 2) for (let n = 0; n < 25; n++) await server.map().set(`later ${n}`, n);
    };
    const viewer = await new Viewer(await server.client(), 'map:room', { pageSize: 5 }).subscribed();
    expect(await viewer.syncs.atLeast(1)).toEqual([35]);
    server.broker.beforePage = undefined;
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'when changes are gone before the last page, the client begins again (112)'(server) {
    await server.fill(10);
    let page = 0;
    server.broker.beforePage = async () => {
      if (++page !== 2) return;
      // All keys at once, so that it takes less than the SDK waits for its page on any machine.
      for (const first of [0, 20, 40])
        await Promise.all(Array.from({ length: 20 }, (_, n) => server.map().set(`k${n}`, first + n)));
    };
    const viewer = await new Viewer(await server.client(), 'map:room', { pageSize: 5 }).subscribed();
    expect(await viewer.syncs.atLeast(1)).toEqual([20]);
    server.broker.beforePage = undefined;
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'G5: when the broker has lost everything between two pages, the client begins again'(server) {
    await server.fill(10);
    let page = 0;
    server.broker.beforePage = async () => {
      if (++page !== 2) return;
      await server.broker.restart();
      await server.map().set('only', 1);
    };
    const viewer = await new Viewer(await server.client(), 'map:room', { pageSize: 5 }).subscribed();
    await viewer.syncs.atLeast(1);
    server.broker.beforePage = undefined;
    expect(viewer.entries).toEqual({ only: 1 });
  },

  async 'G4: a client that comes back gets what it missed as updates, and no state'(server) {
    await server.fill(3);
    const { viewer, restored } = await cutOff(server);
    await server.map().set('k0', 'missed');
    await server.map().remove('k1');
    const { wasRecovering, recovered } = await restored();
    expect([wasRecovering, recovered]).toEqual([true, true]);
    expect(await viewer.updates.atLeast(2)).toEqual(['k0="missed"', '-k1']);
    await server.map().set('k2', 'live');
    await viewer.updates.atLeast(3);
    expect(viewer.syncs.items).toEqual([3]);
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'G4: a client that comes back and has missed nothing is recovered'(server) {
    const { viewer, restored } = await cutOff(server);
    expect((await restored()).recovered).toBe(true);
    await server.map().set('a', 1);
    expect(await viewer.updates.atLeast(1)).toEqual(['a=1']);
  },

  async 'G4: a client that has missed more than one reply has gets it in pages'(server) {
    const { viewer, restored } = await cutOff(server, { pageSize: 5 });
    for (let n = 0; n < 30; n++) await server.map().set(`k${n % 7}`, n);
    expect((await restored()).recovered).toBe(true);
    expect((await viewer.updates.atLeast(30)).length).toBe(30);
    expect(viewer.syncs.items).toEqual([0]);
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'a client that was away for longer than changes are kept gets the state again'(server) {
    await server.fill(3);
    const { viewer } = await cutOff(server);
    for (let n = 0; n < 60; n++) await server.map().set(`k${n % 20}`, n);
    server.proxy.restore();
    expect(await viewer.syncs.atLeast(2)).toEqual([3, 20]);
    expect(viewer.entries).toEqual(await server.stateOf());
    expect(viewer.updates.items).toEqual([]);
  },

  async 'a client that takes that for fatal is unsubscribed with 112'(server) {
    const { viewer } = await cutOff(server, { unrecoverableStrategy: 'fatal' });
    for (let n = 0; n < 60; n++) await server.map().set('a', n);
    const ended = nextEvent(viewer.subscription, 'unsubscribed');
    server.proxy.restore();
    expect((await ended).code).toBe(112);
  },

  async 'G5: a client that comes back after the broker has lost everything gets the state again'(server) {
    await server.fill(3);
    const { viewer } = await cutOff(server);
    await server.broker.restart();
    await server.fill(2);
    server.proxy.restore();
    expect(await viewer.syncs.atLeast(2)).toEqual([3, 2]);
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'G2: a delivery that was lost is noticed with the next one, and recovered'(server) {
    const viewer = await new Viewer(await server.client()).subscribed();
    server.broker.losesNext = true;
    await server.map().set('a', 'lost');
    const again = nextEvent(viewer.subscription, 'subscribed');
    await server.map().set('b', 1);
    expect((await again).recovered).toBe(true);
    expect(await viewer.updates.atLeast(2)).toEqual(['a="lost"', 'b=1']);
  },

  async 'a key whose time is over is removed by an update'(server) {
    const viewer = await new Viewer(await server.client(), 'timed:room').subscribed();
    await server.map('timed:room').set('brief', 1, { ttl: '1s' });
    await server.map('timed:room').set('long', 1);
    const updates = await viewer.updates.atLeast(3);
    // On a machine with other work the second may be over before the next key is set.
    expect(updates.toSorted()).toEqual(['-brief', 'brief=1', 'long=1']);
    expect(updates[0]).toBe('brief=1');
  },

  async 'a key whose time is over while the client is away is removed when it comes back'(server) {
    await server.map().set('brief', 1);
    const watching = await new Viewer(await server.client()).subscribed();
    const viewer = await new Viewer(await server.client()).subscribed();
    await viewer.syncs.atLeast(1);
    viewer.subscription.unsubscribe();
    await server.map().set('brief', 2, { ttl: '1s' });
    await watching.updates.atLeast(2);
    await viewer.subscribed();
    expect(await viewer.updates.atLeast(2)).toEqual(['brief=2', '-brief']);
    expect(viewer.entries).toEqual({});
  },

  async 'a client that leaves while pages are read, and comes back at once, gets the state'(server) {
    await server.fill(20);
    const viewer = new Viewer(await server.client(), 'map:room', { pageSize: 5 });
    let page = 0;
    server.broker.beforePage = async () => {
      if (++page !== 2) return;
      viewer.subscription.unsubscribe();
      viewer.subscription.subscribe();
    };
    viewer.subscription.subscribe();
    expect(await viewer.syncs.atLeast(1)).toEqual([20]);
    server.broker.beforePage = undefined;
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'a client that leaves gets nothing more'(server) {
    const client = await server.client();
    const viewer = await new Viewer(client).subscribed();
    viewer.subscription.unsubscribe();
    await server.map().set('a', 1);
    await client.rpc('none', null).catch(() => undefined);
    expect(viewer.updates.items).toEqual([]);
  },

  async 'two maps of one client do not disturb each other'(server) {
    const client = await server.client();
    await server.fill(12, 'map:one');
    await server.fill(13, 'map:two');
    const options = { pageSize: 3 };
    const viewers = [new Viewer(client, 'map:one', options), new Viewer(client, 'map:two', options)];
    await Promise.all(viewers.map((viewer) => viewer.subscribed()));
    expect(viewers.map(({ syncs }) => syncs.items)).toEqual([[12], [13]]);
  },

  async 'a key beyond the size of the map is refused (106), and a change of another is not'(server) {
    await server.fill(3, 'small:room');
    const { subscription } = await new Viewer(await server.client(), 'small:room').subscribed();
    await expect(subscription.publish('more', 1)).rejects.toEqual(refused(106));
    await subscription.publish('k1', 'changed');
    expect(await server.stateOf('small:room')).toMatchObject({ k1: 'changed' });
  },

  async 'a value that the schema does not know is refused (107)'(server) {
    const { subscription } = await new Viewer(await server.client(), 'typed:room').subscribed();
    await expect(subscription.publish('a', 'text')).rejects.toEqual(refused(107));
    await subscription.publish('a', { x: 1 });
    await subscription.remove('a');
  },

  async 'keys that are empty or too long are refused (107)'(server) {
    const { subscription } = await new Viewer(await server.client()).subscribed();
    await expect(subscription.publish('', 1)).rejects.toEqual(refused(107));
    await expect(subscription.publish('k'.repeat(257), 1)).rejects.toEqual(refused(107));
    await subscription.publish('k'.repeat(256), 1);
  },

  async 'who may not publish is refused (103)'(server) {
    const { subscription } = await new Viewer(await server.client(), 'readonly:room').subscribed();
    await expect(subscription.publish('a', 1)).rejects.toEqual(refused(103));
    await expect(subscription.remove('a')).rejects.toEqual(refused(103));
  },

  async 'a function decides about each key, and may set another value'(server) {
    const viewer = await new Viewer(await server.client(), 'asked:room').subscribed();
    await expect(viewer.subscription.publish('closed', 1)).rejects.toEqual(refused(103));
    await viewer.subscription.publish('open', 1);
    await viewer.subscription.remove('open');
    expect(await viewer.updates.atLeast(2)).toEqual(['open="granted"', '-open']);
  },

  async 'in a map of users, each changes its own key alone'(server) {
    const { subscription } = await new Viewer(await server.client('ann'), 'users:room').subscribed();
    await subscription.publish('ann', 1);
    await expect(subscription.publish('bob', 1)).rejects.toEqual(refused(103));
    await expect(subscription.remove('bob')).rejects.toEqual(refused(103));
    const anonymous = await new Viewer(await server.client(), 'users:room').subscribed();
    await expect(anonymous.subscription.publish('ann', 1)).rejects.toEqual(refused(103));
  },

  async 'in a map of clients, a key goes with the subscription that has set it'(server) {
    const client = await server.client();
    const connected = nextEvent(client, 'connected');
    client.disconnect();
    client.connect();
    const { client: id } = await connected;
    const mine = await new Viewer(client, 'cursors:room').subscribed();
    const other = await new Viewer(await server.client(), 'cursors:room').subscribed();
    await mine.subscription.publish(id, { x: 1 });
    await expect(mine.subscription.publish('another', 1)).rejects.toEqual(refused(103));
    client.disconnect();
    expect(await other.updates.atLeast(2)).toEqual([`${id}={"x":1}`, `-${id}`]);
  },

  async 'maps of clients and of users are found by their kinds, and others are not (108)'(server) {
    const client = await server.client();
    const ofUsers = client.newMapUsersSubscription('users:room');
    const ofClients = client.newMapClientsSubscription('cursors:room');
    ofUsers.subscribe();
    ofClients.subscribe();
    await Promise.all([ofUsers.ready(20_000), ofClients.ready(20_000)]);
    const wrong = client.newMapUsersSubscription('map:room');
    const ended = nextEvent(wrong, 'unsubscribed');
    wrong.subscribe();
    expect((await ended).code).toBe(108);
  },

  async 'a map that nobody may subscribe to is refused (103), and one without a rule (102)'(server) {
    const client = await server.client();
    expect(await codeOfEnd(new Viewer(client, 'closed:room'))).toBe(103);
    expect(await codeOfEnd(new Viewer(client, 'unknown'))).toBe(102);
  },

  async 'a channel of messages is no map, and a map is no channel of messages (108)'(server) {
    const client = await server.client();
    expect(await codeOfEnd(new Viewer(client, 'stream:room'))).toBe(108);
    const plain = client.newSubscription('map:room');
    const ended = nextEvent(plain, 'unsubscribed');
    plain.subscribe();
    expect((await ended).code).toBe(108);
    await expect(client.publish('map:room', 1)).rejects.toEqual(refused(108));
    await expect(client.mapPublish('stream:room', 'a', 1)).rejects.toEqual(refused(108));
  },

  async 'a subscription token opens a map'(server) {
    await server.fill(2, 'token:room');
    const getToken = () => server.token({ sub: 'ann', channel: 'token:room' });
    const viewer = await new Viewer(await server.client('ann'), 'token:room', { getToken }).subscribed();
    expect(await viewer.syncs.atLeast(1)).toEqual([2]);
    expect(await codeOfEnd(new Viewer(await server.client('ann'), 'token:room'))).toBe(103);
  },

  async 'a client that asks for deltas gets whole values'(server) {
    await server.map().set('a', 'one');
    const viewer = await new Viewer(await server.client(), 'map:room', { delta: 'fossil' }).subscribed();
    await server.map().set('a', 'two');
    expect(await viewer.updates.atLeast(1)).toEqual(['a="two"']);
  },

  async 'a client that asks for a filter is refused (108), since it would have a part of the map'(server) {
    const filter = { key: 'x', cmp: 'eq', val: '1' } as const;
    expect(await codeOfEnd(new Viewer(await server.client(), 'map:room', { tagsFilter: filter }))).toBe(108);
  },

  async 'who leaves in the middle of its updates and comes back gets the others, each once'(server) {
    await server.fill(3);
    const { viewer, restored } = await cutOff(server);
    for (let n = 0; n < 6; n++) await server.map().set(`missed ${n}`, n);
    let numUpdates = 0;
    viewer.subscription.on('update', () => {
      if (++numUpdates !== 3) return;
      viewer.subscription.unsubscribe();
      viewer.subscription.subscribe();
    });
    await restored();
    expect(await viewer.updates.atLeast(6)).toEqual([0, 1, 2, 3, 4, 5].map((n) => `missed ${n}=${n}`));
    expect(viewer.syncs.items).toEqual([3]);
  },

  async 'who leaves before it has the state and comes back gets it'(server) {
    await server.fill(3);
    const viewer = new Viewer(await server.client());
    viewer.subscription.once('subscribed', () => {
      viewer.subscription.unsubscribe();
      viewer.subscription.subscribe();
    });
    viewer.subscription.subscribe();
    expect(await viewer.syncs.atLeast(1)).toEqual([3]);
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'who is cut off between pages of what it missed begins there again, and misses nothing'(server) {
    const { viewer, restored } = await cutOff(server, { pageSize: 5 });
    for (let n = 0; n < 30; n++) await server.map().set(`k${n % 7}`, n);
    let page = 0;
    server.broker.beforeChanges = async () => {
      if (++page === 4) await server.proxy.cut();
      server.proxy.restore();
    };
    await restored();
    expect((await viewer.updates.atLeast(30)).length).toBe(30);
    server.broker.beforeChanges = undefined;
    expect(page).toBeGreaterThan(4);
    expect(viewer.syncs.items).toEqual([0]);
    expect(viewer.entries).toEqual(await server.stateOf());
  },

  async 'a subscription token that ends is renewed, and who was away for longer gets another before it recovers'(
    server,
  ) {
    let numTokens = 0;
    const nowSec = () => Math.floor(Date.now() / 1_000);
    const getToken = () => {
      numTokens++;
      return server.token({ sub: 'ann', channel: 'token:room', exp: nowSec() + 2 });
    };
    const viewer = await new Viewer(await server.client('ann'), 'token:room', { getToken }).subscribed();
    const ended: number[] = [];
    viewer.subscription.on('unsubscribed', ({ code }) => ended.push(code));
    // The reply has told it when its token ends.
    await vi.waitFor(() => expect(numTokens).toBeGreaterThanOrEqual(2));
    await server.map('token:room').set('a', 1);
    expect(await viewer.updates.atLeast(1)).toEqual(['a=1']);
    const lost = nextEvent(viewer.subscription, 'subscribing');
    await server.proxy.cut();
    await lost;
    await server.map('token:room').set('a', 2);
    const overSec = nowSec() + 3;
    await vi.waitFor(() => expect(nowSec()).toBeGreaterThan(overSec));
    server.proxy.restore();
    expect(await viewer.updates.atLeast(2)).toEqual(['a=1', 'a=2']);
    expect([ended, viewer.syncs.items]).toEqual([[], [0]]);
  },

  async 'presence as a map has who is there, then who comes and goes'(server) {
    const [watcher, ann] = [await server.client(), await server.client('ann')];
    const room = (client: Centrifuge) => client.newSubscription('room:1');
    const mine = room(ann);
    mine.subscribe();
    await mine.ready(20_000);
    const here = watcher.newMapClientsSubscription('here:room:1');
    const states = gather(here, 'sync', ({ entries }: MapSyncContext) => entries);
    here.subscribe();
    const [entries = []] = await states.atLeast(1);
    expect(entries.map(({ info }) => info?.user)).toEqual(['ann']);
    expect(entries[0]?.key).toBe(entries[0]?.info?.client);
    const updates = gather(here, 'update', ({ key, removed, info }) => `${removed === true ? `-${key}` : info?.user}`);
    const theirs = room(await server.client('bob'));
    theirs.subscribe();
    await updates.atLeast(1);
    mine.unsubscribe();
    expect(await updates.atLeast(2)).toEqual(['bob', `-${entries[0]?.key}`]);
    await expect(here.publish(String(entries[0]?.key), 1)).rejects.toEqual(refused(108));
  },

  async 'presence of users as a map is for those who may see it'(server) {
    const ann = await server.client('ann');
    const mine = [ann, await server.client('ann'), await server.client()].map((each) => each.newSubscription('room:1'));
    for (const each of mine) each.subscribe();
    await Promise.all(mine.map((each) => each.ready(20_000)));
    const online = ann.newMapUsersSubscription('online:room:1');
    const states = gather(online, 'sync', ({ entries }: MapSyncContext) => entries.map(({ key }) => key));
    online.subscribe();
    expect(await states.atLeast(1)).toEqual([['ann']]);
    const updates = gather(online, 'update', ({ key, removed }) => `${removed === true ? '-' : '+'}${key}`);
    for (const each of mine) each.unsubscribe();
    expect(await updates.atLeast(1)).toEqual(['-ann']);
    expect(await codeOfEnd(new Viewer(await server.client(), 'online:room:1'))).toBe(103);
  },

  async 'changes of a version that is no longer the key’s do not reach anybody'(server) {
    const viewer = await new Viewer(await server.client()).subscribed();
    const first = await server.map().set('a', 1);
    await server.map().set('a', 2, { expectedVersion: first.version });
    expect(await server.map().set('a', 3, { expectedVersion: first.version })).toMatchObject({ ok: false, version: 2 });
    expect(await server.map().remove('a', { expectedVersion: 2 })).toMatchObject({ ok: true });
    expect(await viewer.updates.atLeast(3)).toEqual(['a=1', 'a=2', '-a']);
  },
};

const makers: Readonly<Record<string, ClientMaker>> = {
  JSON: (...given) => new Centrifuge(...given),
  protobuf: newProtobufClient,
};

describe.each(Object.entries(makers))('maps in %s', (_, make) => {
  test.concurrent.each(Object.entries(rows))('%s', async (_, row) => {
    await using server = await MapServer.start(make);
    await row(server);
  });
});

describe.skipIf(redisIsMissing())('maps over Redis', () => {
  const redis = shared(RedisServer.start);

  test.concurrent.each(Object.entries(rows))('%s', async (_, row) => {
    const makeBroker = (ports: BrokerPorts) => new RedisBroker({ url: redis().url, prefix: ownPrefix() }, ports);
    await using server = await MapServer.start((...given) => new Centrifuge(...given), makeBroker);
    await row(server);
  });
});

/** Who is there is known to the nodes, and not to this broker. */
const withoutPresence = Object.entries(rows).filter(([name]) => !name.startsWith('presence '));

describe.skipIf(natsIsMissing())('maps over NATS', () => {
  const nats = shared(NatsServer.start);

  test.concurrent.each(withoutPresence)('%s', async (_, row) => {
    const makeBroker = (ports: BrokerPorts) => new NatsBroker({ url: nats().url, prefix: ownPrefix() }, ports);
    await using server = await MapServer.start((...given) => new Centrifuge(...given), makeBroker, false);
    await row(server);
  });
});
