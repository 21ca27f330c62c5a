/** A room that is alive stays so, whatever its members' pages do: listeners come and go, the server takes its state back. */

import { channel, fanfare } from 'fanfare';
import { type Channel, type Client, ClientError, type ConnectOptions, type WebSocketConstructor } from 'fanfare/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MemoryBroker } from '../../src/brokers/memory/broker.js';
import { LossyBroker } from '../support/engine/lossy-broker.js';
import { served } from '../support/servers/served.js';
import { gate, next, quickClient, until } from './chat-server.js';

let broker: LossyBroker;
/** What subscribe functions wait for. */
let door: ReturnType<typeof gate>;
let mayEnter: boolean;
let numAsked: number;

async function enter(): Promise<boolean> {
  numAsked++;
  await door.passed();
  return mayEnter;
}

function roomApp() {
  const open = { subscribe: enter, publish: 'subscriber', presence: true, joinLeave: true } as const;
  return fanfare({
    auth: ({ token }) => (token === undefined ? null : { user: token }),
    broker: ({ clock, random }) => {
      broker = new LossyBroker(new MemoryBroker({ clock, random }), (task) => task());
      return broker;
    },
    channels: {
      'plain:{room}': channel(open),
      'kept:{room}': channel({ ...open, history: { size: 100 } }),
      'quiet:{room}': channel({ subscribe: 'user', publish: 'user', presence: true }),
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

type App = ReturnType<typeof roomApp>;

let app: App;
let url: string;

beforeEach(async () => {
  [door, mayEnter, numAsked] = [gate(), true, 0];
  ({ app, url } = await served(roomApp()));
});

afterEach(() => door.open());

const connected = (user: string, options: ConnectOptions = {}) => quickClient<App>(url, { token: user, ...options });

/** Everybody who comes and goes, as this channel is told. */
function changesOf(room: Channel<unknown>): string[] {
  const changes: string[] = [];
  room.on('join', ({ user }) => changes.push(`+${user}`));
  room.on('leave', ({ user }) => changes.push(`-${user}`));
  return changes;
}

/** Comes into the room and leaves it; everybody who hears of it has heard of all before. */
async function visit(name: 'plain:1' | 'kept:1', user: string): Promise<void> {
  const client = connected(user);
  await client.channel(name).ready();
  client.close();
}

describe.each(['websocket', 'http_stream', 'long_polling'] as const)('over %s, a listener for joins', (transport) => {
  it.each(['plain:1', 'kept:1'] as const)('that comes late to %s changes nothing for anybody', async (name) => {
    const onlooker = connected('ann').channel(name);
    const seenByAnn = changesOf(onlooker);
    await onlooker.ready();
    const client = connected('bob', { transports: [transport] });
    const room = client.channel(name);
    const numbers: unknown[] = [];
    const events: string[] = [];
    room.on('message', ({ data }) => numbers.push(data));
    await room.ready();
    await until(() => seenByAnn.includes('+bob'));
    for (const event of ['subscribing', 'subscribed', 'unsubscribed', 'error'] as const)
      room.on(event, () => events.push(event));
    // A function that is slow, and would say no by now.
    door.shut();
    mayEnter = false;
    const asked = numAsked;
    let published = 0;
    const publishSome = async () => {
      for (let n = 0; n < 10; n++) await app.publish(name, ++published);
    };
    await publishSome();
    const seenByBob: string[] = [];
    const stops = [
      room.on('join', ({ user }) => seenByBob.push(`+${user}`)),
      room.on('leave', ({ user }) => seenByBob.push(`-${user}`)),
    ];
    const calls = Promise.all([room.publish(++published), room.presence(), room.presenceStats()]);
    await publishSome();
    await calls;
    await room.presence();
    expect(numAsked).toBe(asked);
    door.open();
    mayEnter = true;
    await visit(name, 'cyd');
    await until(() => seenByBob.includes('-cyd'));
    expect(seenByBob).toEqual(['+cyd', '-cyd']);

    // And gone again: nothing is noticed either, and it hears no more.
    for (const stop of stops) stop();
    await room.presence();
    await visit(name, 'dan');
    await publishSome();
    await until(() => numbers.length === published && seenByAnn.includes('-dan'));
    // Bob's own came somewhere among the server's.
    expect(numbers.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: published }, (_, n) => n + 1));
    expect(events).toEqual([]);
    expect(seenByAnn).toEqual(['+ann', '+bob', '+cyd', '-cyd', '+dan', '-dan']);
  });
});

describe('joins and leaves', () => {
  it('are asked for with the subscription when they are listened for by then, and cost no command of their own', async () => {
    const room = connected('ann').channel('kept:1');
    const changes = changesOf(room);
    await room.ready();
    await until(() => changes.includes('+ann'));
  });

  it('go on after a reconnect, though the listener came late', async () => {
    const client = connected('ann');
    const room = client.channel('kept:1');
    await room.ready();
    const changes = changesOf(room);
    await room.presence();
    const subscribed = next(room, 'subscribed');
    app.disconnect('ann', { reconnect: true });
    await subscribed;
    await room.presence();
    await visit('kept:1', 'bob');
    await until(() => changes.includes('-bob'));
  });

  it('come to none who does not listen for them', async () => {
    const { socket, frames } = recordingWebSocket();
    const client = connected('ann', { websocket: socket });
    const room = client.channel('kept:1');
    await room.ready();
    const stop = room.on('join', () => {});
    await room.presence();
    stop();
    await room.presence();
    const before = frames.length;
    await visit('kept:1', 'bob');
    await room.publish('last');
    expect(frames.slice(before).join('')).not.toMatch(/"(join|leave)"/);
  });

  it('are not given where the rule does not grant them, and nothing fails for it', async () => {
    const client = connected('ann');
    const room = client.channel('quiet:1');
    await room.ready();
    const errors: unknown[] = [];
    room.on('error', (error) => errors.push(error));
    const changes = changesOf(room);
    await connected('bob').channel('quiet:1').publish('hello');
    await room.presence();
    expect([changes, errors, room.state]).toEqual([[], [], 'subscribed']);
  });
});

describe('when the server takes back the state of a channel (2500)', () => {
  /** A hole in the stream: the next publication shows it. */
  async function loseOne(): Promise<void> {
    broker.isDeaf = true;
    await app.publish('kept:1', 'lost on the way');
    broker.isDeaf = false;
    await app.publish('kept:1', 'shows the hole');
  }

  it('calls that were made too late wait for the subscription that follows', async () => {
    const client = connected('ann');
    const room = client.channel('kept:1');
    const seen: unknown[] = [];
    room.on('message', ({ data }) => seen.push(data));
    await room.publish('first');
    await until(() => seen.length === 1);
    door.shut();
    const asked = numAsked;
    const lost = loseOne();
    // Sent before this side can know of it, and read by the server after it.
    const publications = [room.publish('too late'), client.publish('kept:1', 'by name')];
    const calls = [...publications, room.history(), room.presence(), room.presenceStats()].map((call) =>
      call.then(
        () => 'done',
        (error: unknown) => (error instanceof ClientError ? `${error.code} ${error.retryable}` : String(error)),
      ),
    );
    await lost;
    await until(() => numAsked > asked);
    door.open();
    expect(await Promise.all(calls)).toEqual(['done', 'done', 'done', 'done', 'done']);
    await until(() => seen.includes('too late') && seen.includes('by name'));
    expect(seen.slice(0, 3)).toEqual(['first', 'lost on the way', 'shows the hole']);
  });

  it('calls fail for good with the refusal when the subscription that follows is refused', async () => {
    const client = connected('ann');
    const room = client.channel('kept:1');
    await room.publish('first');
    mayEnter = false;
    const lost = loseOne();
    const calls = [room.publish('too late'), client.publish('kept:1', 'by name')];
    await lost;
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({ reason: { code: 'ERR_PERMISSION_DENIED', retryable: false } });
    expect(room.error).toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
  });
});

describe('close()', () => {
  /** Ann is away while five messages are published, and closes when she is told of the second. */
  async function away(): Promise<{ readonly client: Client<App>; readonly room: Channel<unknown>; back(): void }> {
    const client = connected('ann');
    const room = client.channel('kept:1');
    await room.ready();
    const subscribing = next(room, 'subscribing');
    door.shut();
    app.disconnect('ann', { reconnect: true });
    await subscribing;
    for (const n of [1, 2, 3, 4, 5]) await app.publish('kept:1', n);
    return { client, room, back: () => door.open() };
  }

  const closable = ['channel', 'client'] as const;
  it.each(closable)('of a %s in the middle of a recovered batch: no message follows', async (what) => {
    const { client, room, back } = await away();
    const seen: unknown[] = [];
    const closed = new Promise<void>((resolve) => {
      room.on('message', ({ data }) => {
        seen.push(data);
        if (data !== 2) return;
        if (what === 'channel') room.close();
        else client.close();
        resolve();
      });
    });
    back();
    await closed;
    await until(async () => (await app.presence('kept:1')).length === 0);
    expect([seen, room.state]).toEqual([[1, 2], 'unsubscribed']);
    await app.publish('kept:1', 6);
    expect(seen).toEqual([1, 2]);
  });

  it('in a loop over a recovered batch: the loop ends', async () => {
    const { room, back } = await away();
    const seen: unknown[] = [];
    const reader = room[Symbol.asyncIterator]();
    const subscribed = next(room, 'subscribed');
    back();
    await subscribed;
    await room.publish(6);
    for await (const { data } of reader) {
      seen.push(data);
      if (data === 2) room.close();
    }
    expect(seen).toEqual([1, 2]);
  });

  it('and asking again in the middle of a batch: the rest comes to the new channel, or is told as missed', async () => {
    const { client, room, back } = await away();
    const seen: unknown[] = [];
    const again = new Promise<Channel<unknown>>((resolve) => {
      const stop = room.on('message', () => {
        stop();
        room.close();
        // Later, but before anything else is done.
        queueMicrotask(() => resolve(client.channel('kept:1')));
      });
    });
    back();
    const other = await again;
    other.on('message', ({ data }) => seen.push(data));
    await other.ready();
    await other.publish(6);
    await until(() => seen.includes(6));
    expect(other).not.toBe(room);
    expect(seen).toEqual([6]);
  });

  it('and asking again in the same breath keeps the room, without a hole', async () => {
    const { client, room, back } = await away();
    const seen: unknown[] = [];
    room.on('message', ({ data }) => {
      seen.push(data);
      room.close();
      client.channel('kept:1');
    });
    back();
    await until(() => seen.length === 5);
    expect([seen, room.state]).toEqual([[1, 2, 3, 4, 5], 'subscribed']);
  });
});

/** A WebSocket that keeps what it receives. */
function recordingWebSocket(): { readonly socket: WebSocketConstructor; readonly frames: string[] } {
  const frames: string[] = [];
  class Recording extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols);
      this.on('message', (data) => frames.push(String(data)));
    }
  }
  return { socket: Recording, frames };
}
