/** A disconnect that is for good ends everything at once: channels, their readers, and the calls under way. */

import { channel, fanfare, rpc } from 'fanfare';
import { ClientError, type ConnectOptions } from 'fanfare/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../support/engine/deferred.js';
import { served } from '../support/servers/served.js';
import { next, quickClient, until } from './chat-server.js';

/** Who may come in; changed by the tests. */
let lets: (data: unknown) => boolean;
/** The answer to the call that hangs. */
let late: ReturnType<typeof deferred<string>>;

function guardedApp() {
  return fanfare({
    auth: ({ data }) => (lets(data) ? { user: 'ann' } : null),
    channels: {
      'chat:{room}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 10 }, presence: true }),
      'inbox:{user}': channel({ publish: 'anyone' }),
    },
    rpc: { hang: rpc({ run: () => late.promise }), whoAmI: rpc({ run: (_, { user }) => user }) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

type App = ReturnType<typeof guardedApp>;

let app: App;
let url: string;

beforeEach(async () => {
  lets = () => true;
  late = deferred();
  ({ app, url } = await served(guardedApp()));
});

afterEach(() => late.resolve('late'));

const connected = (options: ConnectOptions = {}) => quickClient<App>(url, options);

const refusal = {
  code: 'ERR_DISCONNECTED',
  retryable: false,
  protocolCode: 3_500,
  cause: { code: 3_500, reason: expect.any(String) },
};
const dismissal = { ...refusal, protocolCode: 3_503, cause: { code: 3_503, reason: 'force disconnect' } };

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([promise]);
  return outcome.status === 'rejected' ? outcome.reason : outcome;
}

describe('a client that is not let in', () => {
  beforeEach(() => {
    lets = () => false;
  });

  it('ends its channels with the code and reason of the server, and all that waits for them', async () => {
    const client = connected();
    const room = client.channel('chat:lobby');
    const unsubscribed = next(room, 'unsubscribed');
    const reading = room[Symbol.asyncIterator]().next();
    const waiting = [
      room.publish('hello'),
      room.history(),
      room.presence(),
      room.presenceStats(),
      room.ready(),
      client.publish('inbox:bob', 'hello'),
      client.rpc('whoAmI'),
      client.send('hello'),
      client.ready(),
      reading,
    ].map(reasonOf);
    for (const reason of await Promise.all(waiting)) {
      expect(reason).toBeInstanceOf(ClientError);
      expect(reason).toMatchObject(refusal);
    }
    const { cause } = client.status;
    expect(cause).toMatchObject({ code: 3_500 });
    expect(await unsubscribed).toMatchObject({ ...cause, error: { ...refusal, cause } });
    expect(room.state).toBe('unsubscribed');
    expect(room.error).toMatchObject({ ...refusal, cause });
  });

  it('tells whatever begins after the end', async () => {
    const client = connected();
    const room = client.channel('chat:lobby');
    await next(client, 'disconnected');
    for (const channel of [room, client.channel('chat:other')]) {
      expect(channel.state).toBe('unsubscribed');
      expect(channel.error).toMatchObject(refusal);
      const loop = async () => {
        for await (const _ of channel) throw new Error('there is nothing to read');
      };
      await expect(loop()).rejects.toMatchObject(refusal);
      await expect(channel.publish('late')).rejects.toMatchObject(refusal);
      await expect(channel.ready()).rejects.toMatchObject(refusal);
      channel.subscribe();
      expect(channel.state).toBe('unsubscribed');
      await expect(channel.presence()).rejects.toMatchObject(refusal);
    }
    await expect(client.rpc('whoAmI')).rejects.toMatchObject(refusal);
    await expect(client.ready()).rejects.toMatchObject(refusal);
  });

  it('takes its channels up again with connect(), and does nothing that was refused before', async () => {
    const client = connected();
    const room = client.channel('chat:lobby');
    const refused = room.publish('refused');
    await expect(refused).rejects.toMatchObject(refusal);
    const late = client.channel('chat:late');
    lets = () => true;
    const subscribing = next(room, 'subscribing');
    client.connect();
    await Promise.all([subscribing, room.ready(), late.ready()]);
    expect([room.state, late.state]).toEqual(['subscribed', 'subscribed']);
    expect([room.error, late.error]).toEqual([undefined, undefined]);
    await room.publish('again');
    expect((await room.history()).messages.map(({ data }) => data)).toEqual(['again']);
  });
});

describe('a client that is sent away', () => {
  it('ends channels and calls under way at once, each told once, and recovers after connect()', async () => {
    const client = connected();
    const room = client.channel('chat:lobby');
    const texts: unknown[] = [];
    const events: string[] = [];
    room.on('message', ({ data }) => texts.push(data));
    for (const event of ['subscribing', 'unsubscribed'] as const)
      room.on(event, ({ code }) => events.push(`${event} ${code}`));
    client.on('disconnected', ({ code }) => events.push(`disconnected ${code}`));
    await room.ready();
    await room.publish('before');
    const hanging = reasonOf(client.rpc('hang'));
    await client.rpc('whoAmI');
    app.disconnect('ann');
    expect(await hanging).toMatchObject(dismissal);
    expect(room.error).toMatchObject(dismissal);
    expect(events).toEqual(['subscribing 0', 'unsubscribed 3503', 'disconnected 3503']);
    await app.publish('chat:lobby', 'meanwhile');
    const subscribed = next(room, 'subscribed');
    client.connect();
    expect(await subscribed).toMatchObject({ wasRecovering: true, recovered: true });
    await until(() => texts.length === 2);
    expect(texts).toEqual(['before', 'meanwhile']);
  });

  it('may connect again from the listener that is told of it: every channel is back', async () => {
    const client = connected();
    const rooms = (['chat:a', 'chat:b', 'chat:c'] as const).map((name) => client.channel(name));
    await Promise.all(rooms.map((room) => room.ready()));
    const connectAgain = rooms[0]?.on('unsubscribed', () => client.connect());
    app.disconnect('ann');
    await next(client, 'connected');
    connectAgain?.();
    await Promise.all(rooms.map((room) => room.ready()));
    expect(rooms.map(({ state, error }) => [state, error])).toEqual(rooms.map(() => ['subscribed', undefined]));
  });

  it('leaves alone a channel that the server had ended before', async () => {
    const client = connected();
    const room = client.channel('chat:lobby');
    await room.ready();
    const unsubscribed = next(room, 'unsubscribed');
    app.unsubscribe('ann', 'chat:lobby');
    await unsubscribed;
    app.disconnect('ann');
    await next(client, 'disconnected');
    expect(room.error).toMatchObject({ code: 'ERR_UNSUBSCRIBED', protocolCode: 2_000 });
    client.connect();
    await client.ready();
    expect(room.state).toBe('unsubscribed');
  });
});

describe('other ends that are for good', () => {
  it('no token any more: 1, with what waits for it', async () => {
    const client = connected({ token: async () => null });
    const room = client.channel('chat:lobby');
    await expect(room.publish('hello')).rejects.toMatchObject({ code: 'ERR_DISCONNECTED', cause: { code: 1 } });
    expect(room.error).toMatchObject({ code: 'ERR_DISCONNECTED', protocolCode: 1 });
  });

  it('close(): calls under way fail with ERR_CLOSED', async () => {
    const client = connected();
    const room = client.channel('chat:lobby');
    await room.ready();
    const calls = [client.rpc('hang'), room.publish('x'), client.channel('chat:other').publish('y')].map(reasonOf);
    client.close();
    for (const reason of await Promise.all(calls)) expect(reason).toMatchObject({ code: 'ERR_CLOSED' });
    expect(room.error).toBeUndefined();
  });
});

describe('status.cause', () => {
  it('says that the server is not reached, and not "connect called"', async () => {
    await app.close(100);
    const client = connected();
    const { sinceMs } = client.status;
    expect(client.status).toMatchObject({ state: 'connecting', isReconnecting: false });
    await next(client, 'error');
    expect(client.status).toMatchObject({ state: 'connecting', sinceMs, isReconnecting: false });
    expect(client.status.cause).toMatchObject({ code: 2, reason: expect.stringContaining('not reached') });
  });

  it('says that getting a token failed', async () => {
    const client = connected({ token: () => Promise.reject(new Error('backend is down')), minReconnectDelayMs: 500 });
    await next(client, 'error');
    expect(client.status.cause).toMatchObject({ reason: expect.stringContaining('backend is down') });
  });
});
