/** An application behind the emulated API Gateway: what differs from a server, and what must not. */

import { setTimeout as pause } from 'node:timers/promises';
import { Centrifuge, type Options } from 'centrifuge';
import { channel, type FanfareOptions, fanfare, jwt, rpc } from 'fanfare';
import { type LambdaOptions, lambda, redisStore } from 'fanfare/aws';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { systemClock, systemRandom } from '../../src/server/system-ports.js';
import { EmulatedFunctions, type EmulatedFunctionsOptions } from '../support/aws/emulated-functions.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { json, ownPrefix, shared } from '../support/brokers/suites.js';
import { gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { channelName } from '../support/engine/channel-name.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { signed } from '../support/servers/signed.js';

const secret = 'functions of these tests sign with this';
const channels = {
  'chat:{room}': channel({
    subscribe: 'anyone',
    publish: 'subscriber',
    presence: true,
    joinLeave: true,
    history: { size: 500 },
  }),
  'live:{room}': channel({ subscribe: 'anyone', publish: 'subscriber' }),
};

function withSlowIndex(makeStore: LambdaOptions['store'], ms: number): LambdaOptions['store'] {
  return (ports) => {
    const store = makeStore(ports);
    const add: typeof store.index.add = async (kind, name, id) => {
      if (kind === 'user') await pause(ms);
      await store.index.add(kind, name, id);
    };
    const index = { ...store.index, add };
    return { ...store, index };
  };
}

describe.skipIf(redisIsMissing())('lambda()', () => {
  const redis = shared(RedisServer.start);

  function makeApp(more: Pick<FanfareOptions, 'log' | 'limits'> = {}) {
    return fanfare({ auth: jwt({ secret }), anonymous: true, channels, origins: ['https://example.com'], ...more });
  }

  type App = ReturnType<typeof makeApp>;

  async function begun(
    options: {
      readonly app?: App;
      readonly prefix?: string;
      readonly times?: LambdaOptions['times'];
      readonly manners?: EmulatedFunctionsOptions['manners'];
      readonly random?: () => number;
      /** What its index of connections takes for a user. */
      readonly indexMs?: number;
    } = {},
  ) {
    const { app = makeApp(), prefix = ownPrefix(), times = {}, manners = {}, random = Math.random } = options;
    const { indexMs = 0 } = options;
    const store = withSlowIndex(redisStore({ url: redis().url, prefix }), indexMs);
    const functions = await EmulatedFunctions.start({
      makeHandler: (endpoint) => lambda(app, { store, endpoint, times }),
      manners,
      random,
    });
    onTestFinished(() => functions[Symbol.asyncDispose]());
    const newClient = (given: Partial<Options> = {}) => {
      const client = new Centrifuge(functions.gateway.url, {
        websocket: WebSocket,
        minReconnectDelay: 10,
        maxReconnectDelay: 50,
        // Of a command; the SDK's 5 s are not enough on a machine with much other work.
        timeout: 20_000,
        ...given,
      });
      onTestFinished(() => client.disconnect());
      return client;
    };
    const connected = async (given: Partial<Options> = {}) => {
      const client = newClient(given);
      client.connect();
      await client.ready(20_000);
      return client;
    };
    const joined = async (name: string, given?: Partial<Options>) => {
      const client = await connected(given);
      const room = client.newSubscription(name);
      const received = gather(room, 'publication', ({ data }) => data);
      room.subscribe();
      await room.ready(20_000);
      return { client, room, received };
    };
    return { app, prefix, store, functions, newClient, connected, joined };
  }

  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

  test('two clients talk: everything arrives, in order and once, with every message invoked twice and throttled calls', async () => {
    const { joined } = await begun({ manners: { doubled: 1, delayMs: 5, throttled: 0.1 } });
    const [ann, bob] = await Promise.all([joined('chat:a'), joined('chat:a')]);
    const count = 15;
    await Promise.all([
      ...numbers(count).map((n) => ann.room.publish({ ann: n })),
      ...numbers(count).map((n) => bob.room.publish({ bob: n })),
    ]);
    const all = await bob.received.atLeast(2 * count);
    expect(await ann.received.atLeast(2 * count)).toEqual(all);
    expect(all).toHaveLength(2 * count);
    // Each one's own order is kept.
    const of = (who: string) => all.flatMap((data) => (who in (data as object) ? Object.values(data as object) : []));
    expect([of('ann'), of('bob')]).toEqual([numbers(count), numbers(count)]);
  });

  test('the sweep looks at who is present, and renews it, also where messages never cease', async () => {
    const log = new RecordedLog();
    const { functions, joined } = await begun({ app: makeApp({ log }), times: { presenceCheckMs: 1_000 } });
    const { room } = await joined('chat:a');
    await expect
      .poll(
        async () => {
          // Visited again long before the time since its last visit is over.
          await room.publish('again');
          await functions.sweep();
          return log.lines.some(({ fields }) => Number(fields.connections) > 0);
        },
        { timeout: 20_000, interval: 0 },
      )
      .toBe(true);
  });

  test('who has the reply to their connect can be sent away, however slow the store is', async () => {
    const { app, connected } = await begun({ indexMs: 300 });
    const client = await connected({ token: await signed(secret, { sub: 'ann' }) });
    const disconnected = nextEvent(client, 'disconnected');
    await app.disconnect('ann', { reconnect: false });
    expect((await disconnected).code).toBe(3503);
  });

  test('another function publishes, gives orders and reads; its client is anybody’s', async () => {
    const first = await begun();
    const token = await signed(secret, { sub: 'ann' });
    const { client, received, room } = await first.joined('chat:a', { token });
    const other = await begun({ prefix: first.prefix, app: makeApp() });
    // Found by the state of the connection: this function has never seen an event of that API.
    await other.app.publish('chat:a', 'from elsewhere');
    expect(await received.atLeast(1)).toEqual(['from elsewhere']);
    expect((await other.app.presence('chat:a')).map(({ user }) => user)).toEqual(['ann']);
    expect((await other.app.history('chat:a')).publications.map(({ data }) => data)).toEqual(['from elsewhere']);
    const ended = nextEvent(room, 'unsubscribed');
    await other.app.unsubscribe('ann', 'chat:a');
    expect(await ended).toMatchObject({ code: 2000 });
    const disconnected = nextEvent(client, 'disconnected');
    await other.app.disconnect('ann', { reconnect: false });
    expect((await disconnected).code).toBe(3503);
    await expect.poll(() => first.functions.gateway.numClients).toBe(0);
  });

  test('a procedure publishes to those who call it, and gives orders about them, without waiting for itself', async () => {
    // What the procedures do with the application, once it is there.
    const doing = {
      say: async (_: string, __: unknown): Promise<void> => undefined,
      leave: async (_: string): Promise<void> => undefined,
    };
    const app = fanfare({
      auth: jwt({ secret }),
      channels,
      log: silentLogger,
      rpc: {
        say: rpc({ run: (data, { user }) => doing.say(user ?? '', data) }),
        leave: rpc({ run: (_, { user }) => doing.leave(user ?? '') }),
      },
    });
    doing.say = async (user, data) => {
      await app.publish('chat:a', data);
      await app.publish('live:a', data);
      await app.send(user, `sent ${data}`);
    };
    doing.leave = (user) => app.disconnect(user);
    // safe: of the same channels
    const { joined } = await begun({ app: app as unknown as App });
    const ann = await joined('chat:a', { token: await signed(secret, { sub: 'ann' }) });
    const live = ann.client.newSubscription('live:a');
    const anns = gather(live, 'publication', ({ data }) => data);
    live.subscribe();
    await live.ready(20_000);
    const bob = await joined('chat:a', { token: await signed(secret, { sub: 'bob' }) });
    const sent = gather(ann.client, 'message', ({ data }) => data);
    await ann.client.rpc('say', 'hello');
    expect(await ann.received.atLeast(1)).toEqual(['hello']);
    expect(await anns.atLeast(1)).toEqual(['hello']);
    expect(await sent.atLeast(1)).toEqual(['sent hello']);
    expect(await bob.received.atLeast(1)).toEqual(['hello']);
    const left = nextEvent(ann.client, 'disconnected');
    ann.client.rpc('leave', null).catch(() => undefined);
    expect((await left).code).toBe(3503);
  });

  test('what a client publishes in quick succession reaches others in that order, also where nothing is kept', async () => {
    const { joined } = await begun({ manners: { delayMs: 10 } });
    const [ann, bob] = await Promise.all([joined('live:a'), joined('live:a')]);
    await Promise.all(numbers(20).map((n) => ann.room.publish(n)));
    expect(await bob.received.atLeast(20)).toEqual(numbers(20));
    expect(await ann.received.atLeast(20)).toEqual(numbers(20));
  });

  test('a revoked token ends its connection, and is not accepted by any function', async () => {
    const first = await begun();
    const token = await signed(secret, { sub: 'ann', jti: 'one', iat: Math.floor(Date.now() / 1_000) - 60 });
    const { client } = await first.joined('chat:a', { token });
    const disconnected = nextEvent(client, 'disconnected');
    const other = await begun({ prefix: first.prefix });
    await other.app.revokeToken('one');
    expect((await disconnected).code).toBe(3500);
    const refused = other.newClient({ token });
    const code = nextEvent(refused, 'disconnected');
    refused.connect();
    expect((await code).code).toBe(3500);
  });

  test('a client that was cut off recovers, and others see it leave and come', async () => {
    const { app, functions, joined } = await begun();
    const { room, received } = await joined('chat:a');
    const other = await joined('chat:a', { token: await signed(secret, { sub: 'bob' }) });
    await app.publish('chat:a', 1);
    await Promise.all([received.atLeast(1), other.received.atLeast(1)]);
    const back = [room, other.room].map((each) => nextEvent(each, 'subscribed'));
    functions.gateway.cutAll();
    await app.publish('chat:a', 2);
    const subscribed = await Promise.all(back);
    expect(subscribed.map(({ recovered }) => recovered)).toEqual([true, true]);
    expect(await received.atLeast(2)).toEqual([1, 2]);
    expect(await other.received.atLeast(2)).toEqual([1, 2]);
    await functions.gateway.settled();
    expect(await app.presenceStats('chat:a')).toEqual({ numClients: 2, numUsers: 2 });
  });

  test('G8: the sweep finds dead connections of which nobody was told', async () => {
    const { app, functions, joined } = await begun({
      times: { presenceCheckMs: 1 },
      manners: { disconnects: 'sometimes late, twice or never' },
      // Never.
      random: () => 0,
    });
    const { client } = await joined('chat:a');
    expect(await app.presenceStats('chat:a')).toEqual({ numClients: 1, numUsers: 1 });
    client.disconnect();
    await expect.poll(() => functions.gateway.numClients).toBe(0);
    await functions.sweep();
    expect(await app.presenceStats('chat:a')).toEqual({ numClients: 0, numUsers: 0 });
  });

  test('the sweep pings what is silent, ends what has expired, and closes who has never connected', async () => {
    const app = makeApp({ limits: { connectTimeoutMs: 100, expiredGraceMs: 0 } });
    const { functions } = await begun({ app, times: { pingMs: 1 } });
    const open = async (connect?: object) => {
      const ws = new WebSocket(functions.gateway.url);
      const frames: unknown[] = [];
      const closed = new Promise<unknown>((resolve) => ws.once('close', resolve));
      ws.on('message', (data) =>
        frames.push(
          ...String(data)
            .split('\n')
            .map((line) => JSON.parse(line)),
        ),
      );
      await new Promise((resolve) => ws.once('open', resolve));
      if (connect !== undefined) {
        ws.send(JSON.stringify({ id: 1, connect }));
        await expect.poll(() => frames.length).toBe(1);
      }
      return { frames, closed };
    };
    const silent = await open({});
    // Pongs would be invocations.
    expect(silent.frames).toEqual([{ id: 1, connect: expect.objectContaining({ ping: 60 }) }]);
    expect(silent.frames).not.toEqual([{ id: 1, connect: expect.objectContaining({ pong: true }) }]);
    const expiring = await open({ token: await signed(secret, { sub: 'ann', expiresInSec: 1 }) });
    const never = await open();
    await expect
      .poll(async () => {
        await functions.sweep();
        return expiring.frames.at(-1);
      })
      .toEqual({ push: { disconnect: { code: 3005, reason: 'connection expired' } } });
    await Promise.all([expiring.closed, never.closed]);
    expect(never.frames).toEqual([{ push: { disconnect: { code: 3012, reason: 'no pong' } } }]);
    expect(silent.frames).toContainEqual({});
  });

  test('a publication whose function has died before it delivered it arrives with the next one, or by the sweep', async () => {
    const { app, store, functions, joined, prefix } = await begun({ times: { lateMs: 0 } });
    const { received } = await joined('chat:a');
    await app.publish('chat:a', 1);
    await received.atLeast(1);
    // As a function that has marked and stored it, and then died.
    await using client = await redis().client();
    const dead = store({ clock: systemClock, random: systemRandom, log: silentLogger });
    onTestFinished(() => dead.broker.close(500));
    const nothing = () => undefined;
    await dead.broker.start({ onPublication: nothing, onJoin: nothing, onLeave: nothing });
    const publishDead = async (value: number) => {
      await dead.late.mark('chat:a', `mark-${value}`, 0);
      await dead.broker.publish(channelName('chat:a'), { data: json(value) }, { stream: { size: 500, ttlMs: 60_000 } });
    };
    await publishDead(2);
    await app.publish('chat:a', 3);
    expect(await received.atLeast(3)).toEqual([1, 2, 3]);
    await publishDead(4);
    await functions.sweep();
    expect(await received.atLeast(4)).toEqual([1, 2, 3, 4]);
    expect(await client.send(['ZCARD', `${prefix}:fn-late:{all}`])).toBe(0);
  });

  test('whose command found its connection taken all the time connects again, and goes on', async () => {
    const log = new RecordedLog();
    const { store, joined } = await begun({ app: makeApp({ log }), times: { patienceMs: 200 } });
    const { client, room, received } = await joined('chat:a');
    const other = store({ clock: systemClock, random: systemRandom, log: silentLogger });
    onTestFinished(() => other.broker.close(500));
    const nothing = () => undefined;
    await other.broker.start({ onPublication: nothing, onJoin: nothing, onLeave: nothing });
    const [id = ''] = await other.index.members('channel', 'chat:a');
    expect(await other.connections.take(id, { lease: 'other', leaseMs: 60_000 })).toMatchObject({ kind: 'taken' });
    const isAway = nextEvent(client, 'connecting');
    await expect(room.publish('unheard')).rejects.toMatchObject({ message: 'connection closed' });
    await isAway;
    expect(log.lines.map(({ message }) => message)).toContain('others have had a connection all the time');
    await room.ready(20_000);
    await room.publish('heard');
    expect(await received.atLeast(1)).toEqual(['heard']);
  });

  test('what has no place in a message of the gateway is refused, and large answers are cut between messages', async () => {
    const { app, joined } = await begun();
    const large = 'x'.repeat(30_000);
    for (const n of numbers(8)) await app.publish('chat:a', `${n}${large}`);
    const { room } = await joined('chat:a');
    await expect(room.history({ limit: 8 })).rejects.toMatchObject({ code: 106 });
    expect((await room.history({ limit: 3 })).publications).toHaveLength(3);
    const { client, room: own, received } = await joined('live:a');
    await Promise.all([client.ready(), ...numbers(8).map((n) => own.publish(`${n}${large.slice(0, 20_000)}`))]);
    expect((await received.atLeast(8)).map((data) => String(data)[0])).toEqual(numbers(8).map(String));
  });

  test('frames that API Gateway does not take end the connection, and the client comes back', async () => {
    const { joined } = await begun();
    const { client, room } = await joined('live:a');
    const lost = nextEvent(client, 'disconnected');
    room.publish('x'.repeat(33_000)).catch(() => undefined);
    // 1009: the SDK would only send it again.
    expect((await lost).code).toBe(3);
  });

  test('refuses at $connect, with a status and a line in the log: a foreign page, the protobuf codec', async () => {
    const log = new RecordedLog();
    const { functions } = await begun({ app: makeApp({ log }) });
    const statusOf = (options: ConstructorParameters<typeof WebSocket>[2], protocols: string[] = []) =>
      new Promise((resolve) => {
        const ws = new WebSocket(functions.gateway.url, protocols, options);
        ws.on('unexpected-response', (_, response) => resolve(response.statusCode));
        ws.on('open', () => resolve(`open ${ws.protocol}`));
        ws.on('error', () => undefined);
      });
    expect(await statusOf({ origin: 'https://evil.example' })).toBe(403);
    expect(await statusOf({ origin: 'https://example.com' }, ['centrifuge-json'])).toBe('open centrifuge-json');
    expect(await statusOf({}, ['centrifuge-protobuf'])).toBe(400);
    expect(log.lines.filter(({ level }) => level !== 'debug').map(({ fields }) => fields.check)).toEqual([
      'origin',
      'subprotocol',
    ]);
  });

  test('an auth function has the token of a second subprotocol, and the codec is what is confirmed', async () => {
    const app = fanfare({
      auth: ({ headers }) => {
        const [, token] = headers.get('sec-websocket-protocol')?.split(/, ?/) ?? [];
        return token === 'token.of-ann' ? { user: 'ann' } : null;
      },
      channels,
      log: silentLogger,
    });
    // safe: of the same channels
    const { functions } = await begun({ app: app as unknown as App });
    const ws = new WebSocket(functions.gateway.url, ['centrifuge-json', 'token.of-ann']);
    onTestFinished(() => ws.terminate());
    await new Promise((resolve) => ws.once('open', resolve));
    expect(ws.protocol).toBe('centrifuge-json');
    const answered = new Promise((resolve) => ws.once('message', (data) => resolve(JSON.parse(String(data)))));
    ws.send(JSON.stringify({ id: 1, connect: {} }));
    expect(await answered).toMatchObject({ id: 1, connect: { client: expect.any(String) } });
  });

  test('what functions cannot keep is refused at the start', () => {
    const store = redisStore('redis://127.0.0.1:1');
    const code = 'ERR_CONFIG';
    const starting = (options: Parameters<typeof fanfare>[0]) => () => lambda(fanfare(options), { store });
    expect(starting({ channels: { a: channel({ maxRate: { max: 1 } }) } })).toThrow(expect.objectContaining({ code }));
    expect(starting({ channels: { a: channel({ map: {} }) } })).toThrow(expect.objectContaining({ code }));
    expect(starting({ channels: { a: channel({ streams: {} }) } })).toThrow(expect.objectContaining({ code }));
    expect(starting({ limits: { maxConnectionsPerUser: 1 } })).toThrow(expect.objectContaining({ code }));
    expect(starting({ personal: { singleConnection: true } })).toThrow(expect.objectContaining({ code }));
    expect(starting({ channels: { a: channel({ maxMessageBytes: 200_000 }) } })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('events that are none of a WebSocket API are answered with 400, and told in the log', async () => {
    const log = new RecordedLog();
    const handler = lambda(makeApp({ log }), { store: redisStore('redis://127.0.0.1:1') });
    for (const event of [undefined, {}, { requestContext: { http: {} } }, { Records: [] }]) {
      expect(await handler(event)).toMatchObject({ statusCode: 400 });
    }
    expect(log.lines).toHaveLength(4);
  });

  test('without its store a function refuses connects with 503', async () => {
    const log = new RecordedLog();
    const app = makeApp({ log });
    const handler = lambda(app, { store: redisStore('redis://127.0.0.1:1') });
    onTestFinished(() => handler.close());
    const requestContext = {
      eventType: 'CONNECT',
      connectionId: 'a=',
      domainName: 'a.execute-api.eu-central-1.amazonaws.com',
      stage: 'prod',
      requestId: 'r',
    };
    expect(
      await handler({ requestContext, headers: { Host: 'a.execute-api.eu-central-1.amazonaws.com' } }),
    ).toMatchObject({
      statusCode: 503,
    });
    await expect(app.publish('chat:a', 1)).rejects.toMatchObject({ code: 'ERR_BROKER' });
  });
});
