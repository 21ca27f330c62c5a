/** SIGHUP for what is not channels of one server: keys, events, personal channels, brokers and fleets. */

import { describe, expect, test } from 'vitest';
import { RabbitmqServer, rabbitmqIsMissing } from '../support/brokers/rabbitmq-server.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { nextEvent } from '../support/centrifuge/awaiting.js';
import { ready } from '../support/centrifuge/context.js';
import { HookBackend } from '../support/servers/hook-backend.js';
import { signed } from '../support/servers/signed.js';
import { ReloadableServer, subscribe } from './reloadable-server.js';

const oldSecret = 'the-old-secret-with-enough-bytes-in-it';
const newSecret = 'the-new-secret-with-enough-bytes-in-it';
const news = '"news": { subscribe: anyone, history: { size: 1000, ttl: 5m } }';

const tokenOf = (secret: string, user = 'ann') => signed(secret, { sub: user, expiresInSec: 3_600 });

test('a key that is gone: who was let in by it stays and gets what is published, and is refused when it is back, as the log says', async () => {
  const file = (...keys: string[]) => `token: { secret: [${keys.join(', ')}] }\nchannels: { ${news} }`;
  await using server = new ReloadableServer(file(newSecret, oldSecret));
  const token = await tokenOf(oldSecret);
  const client = await server.connect({ token });
  const subscription = await subscribe(client, 'news');
  expect((await server.reload(file(newSecret))).changed).toEqual(['token.secret']);
  const published = nextEvent(subscription, 'publication');
  await server.publish('news', 'still here');
  expect((await published).data).toBe('still here');
  expect(client.state).toBe('connected');
  const newcomer = await server.client({ token });
  const refused = new Promise<number>((resolve) => newcomer.once('disconnected', ({ code }) => resolve(code)));
  newcomer.connect();
  expect(await refused).toBe(3500);
  await server.process.seen('stderr', /signature matches none of 1 keys[^\n]*token\.secret/);
  await server.connect({ token: await tokenOf(newSecret) });
});

test('events go where hooks.events points by then, of the kinds that are wanted by then, or nowhere', async () => {
  await using first = await HookBackend.start();
  await using second = await HookBackend.start();
  for (const backend of [first, second]) backend.on('/events', () => ({}));
  const types = ({ calls }: HookBackend) =>
    calls.flatMap(({ body }) => (body.events as readonly { readonly type: string }[]).map(({ type }) => type));
  const file = (hooks: string) => `anonymous: true\n${hooks}\nchannels: { ${news} }`;
  const hooks = (url: string, kinds: string) => `hooks: { url: "${url}", events: /events, eventTypes: [${kinds}] }`;
  await using server = new ReloadableServer(file(''));
  await server.connect();
  expect((await server.reload(file(hooks(first.url, 'connected')))).changed).toEqual(
    expect.arrayContaining(['hooks.url', 'hooks.events', 'hooks.eventTypes']),
  );
  const client = await server.connect();
  await expect.poll(() => types(first)).toEqual(['connected']);
  expect((await server.reload(file(hooks(second.url, 'subscribed, disconnected')))).changed).toEqual([
    'hooks.url',
    'hooks.eventTypes',
  ]);
  await subscribe(client, 'news');
  client.disconnect();
  await expect.poll(() => types(second)).toEqual(['subscribed', 'disconnected']);
  await server.reload(file(''));
  const another = await server.connect();
  await subscribe(another, 'news');
  another.disconnect();
  await expect.poll(() => server.metric('fanfare_clients')).toBe(1);
  expect([types(first), types(second)]).toEqual([['connected'], ['subscribed', 'disconnected']]);
});

test('personal.channel: newcomers get the new one, who is there keeps the one that it has; one without a rule is refused', async () => {
  const file = (name: string) =>
    `token: { secret: ${oldSecret} }\npersonal: { channel: "${name}" }\nchannels: { "me:{rest*}": { history: { size: 10, ttl: 1m } }, "own:{rest*}": {} }`;
  await using server = new ReloadableServer(file('me:#{user}'));
  const token = await tokenOf(oldSecret);
  const early = await server.client({ token });
  const channels: string[] = [];
  early.on('subscribed', ({ channel }) => channels.push(`early ${channel}`));
  early.on('unsubscribed', ({ channel }) => channels.push(`early left ${channel}`));
  await ready(early);
  expect((await server.reload(file('own:#{user}'))).changed).toEqual(['personal.channel']);
  const late = await server.client({ token });
  late.on('subscribed', ({ channel }) => channels.push(`late ${channel}`));
  await ready(late);
  const got = (client: typeof early) =>
    new Promise((resolve) => client.once('publication', ({ channel, data }) => resolve([channel, data])));
  const both = [got(early), got(late)];
  await server.publish('me:#ann', 1);
  await server.publish('own:#ann', 2);
  expect(await Promise.all(both)).toEqual([
    ['me:#ann', 1],
    ['own:#ann', 2],
  ]);
  expect(channels).toEqual(['early me:#ann', 'late own:#ann']);
  server.write(file('nowhere:#{user}'));
  expect(await server.refusal()).toEqual([expect.stringContaining('nowhere:')]);
});

describe.skipIf(rabbitmqIsMissing())('RabbitMQ without a history', () => {
  test('a rule that asks for one is refused as at the start; nothing changes, and clients go on receiving', async () => {
    await using rabbit = await RabbitmqServer.start();
    const file = (rules: string) =>
      `anonymous: true\nbroker: "${rabbit.url}"\nrabbitmq: { history: false }\nchannels:\n  plain: { subscribe: anyone }\n${rules}`;
    await using server = new ReloadableServer(file(''));
    const client = await server.connect();
    const events: string[] = [];
    const subscription = await subscribe(client, 'plain');
    for (const event of ['subscribing', 'unsubscribed'] as const) subscription.on(event, () => events.push(event));
    server.write(file(`  ${news}\n  other: { subscribe: anyone }`));
    expect(await server.refusal()).toEqual([expect.stringMatching(/news.*history.*rabbitmq/)]);
    // All or nothing.
    await expect(subscribe(client, 'other')).rejects.toThrow('refused with 102');
    const published = nextEvent(subscription, 'publication');
    await server.publish('plain', 1);
    expect((await published).data).toBe(1);
    expect([events, client.state]).toEqual([[], 'connected']);
  });
});

describe.skipIf(redisIsMissing())('a fleet over Redis', () => {
  test('is reloaded node by node under publications: nothing is lost or doubled, and each node asks its own clients again', async () => {
    await using redis = await RedisServer.start();
    await using backend = await HookBackend.start();
    backend.on('/subscribe', ({ body }) =>
      body.channel === 'closed' ? { error: { code: 1000, message: 'not you' } } : { result: {} },
    );
    const file = (who: string, more: string) =>
      `anonymous: true\nbroker: "${redis.url}"\nhooks: { url: "${backend.url}", subscribe: /subscribe }\nchannels:\n  news: { subscribe: ${who}, history: { size: 5000, ttl: 5m }${more} }\n  closed: { subscribe: ${who} }`;
    await using one = new ReloadableServer(file('anyone', ''));
    await using two = new ReloadableServer(file('anyone', ''));
    const servers = [one, two];
    const listeners = await Promise.all(
      servers.map(async (server) => {
        const client = await server.connect();
        const subscription = client.newSubscription('news');
        const received: unknown[] = [];
        const codes: number[] = [];
        subscription.on('publication', ({ data }) => received.push(data));
        subscription.on('subscribing', ({ code }) => codes.push(code));
        subscription.subscribe();
        await subscription.ready(20_000);
        codes.length = 0;
        const ended = nextEvent(await subscribe(client, 'closed'), 'unsubscribed');
        return { client, received, codes, ended };
      }),
    );
    let numPublished = 0;
    let isOver = false;
    const publishing = Promise.all(
      servers.map(async (server) => {
        while (!isOver || numPublished < 40) await server.publish('news', numPublished++);
      }),
    );
    for (const [n, server] of servers.entries()) {
      await server.reload(file('hook', ''));
      expect((await listeners[n]?.ended)?.code).toBe(1000);
      await expect.poll(() => backend.calls.length).toBeGreaterThanOrEqual(3 * (n + 1));
    }
    // Other terms: subscribers begin anew and recover.
    for (const server of servers) await server.reload(file('hook', ', presence: true'));
    await expect.poll(() => listeners.map(({ codes }) => codes)).toEqual([[2500], [2500]]);
    isOver = true;
    await publishing;
    for (const { received, client } of listeners) {
      await expect.poll(() => received.length).toBe(numPublished);
      expect([...received].sort((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: numPublished }, (_, n) => n),
      );
      expect(client.state).toBe('connected');
    }
    expect(listeners[0]?.received).toEqual(listeners[1]?.received);
  });
});
