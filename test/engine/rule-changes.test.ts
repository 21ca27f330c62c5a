/** Rules that are replaced while clients are subscribed: who goes on, who is asked again, who is told to begin anew. */

import { describe, expect, test } from 'vitest';
import { type ChannelDeclaration, type ChannelOptions, channel } from '../../src/engine/channels/channel-options.js';
import { encodeMessage } from '../../src/engine/channels/publishing.js';
import type { EngineLimits } from '../../src/engine/ports/limits.js';
import { channelName } from '../support/engine/channel-name.js';
import { type EngineClient, EngineNode, type EngineNodeOptions } from '../support/engine/node.js';
import { usageOf } from '../support/engine/usage.js';

let engine: EngineNode;

type Rules = Readonly<Record<string, ChannelOptions>>;

async function start(channels: Rules, options: Omit<EngineNodeOptions, 'channels'> = {}): Promise<void> {
  engine = await EngineNode.start({ channels: declared(channels), ...options });
}

function declared(channels: Rules): Record<string, ChannelDeclaration> {
  return Object.fromEntries(Object.entries(channels).map(([pattern, options]) => [pattern, channel(options)]));
}

/** Other rules, once everything that follows from them has come to rest. */
async function reload(channels: Rules, limits: Partial<EngineLimits> = {}): Promise<void> {
  change(channels, limits);
  await engine.clock.advance(100);
}

function change(channels: Rules, limits: Partial<EngineLimits> = {}): void {
  engine.node.prepareChange({ channels: declared(channels), limits })();
}

async function subscribed(name: string, claims: object = { sub: 'ann' }, more: object = {}): Promise<EngineClient> {
  const client = await engine.connect(claims);
  expect(await client.command('subscribe', { channel: name, ...more })).toBeTypeOf('object');
  return client;
}

const toldCodes = (client: EngineClient) =>
  client.pushes('unsubscribe').map((unsubscribe) => (unsubscribe as { readonly code: number }).code);
const isIn = (client: EngineClient, name: string) => client.session.isSubscribed(channelName(name));
const publications = (client: EngineClient) =>
  client.pushes('pub').map((pub) => (pub as { readonly data: unknown }).data);

const publish = (data: unknown, name = 'news') => engine.operations.publish(name, encodeMessage(data), {});
const history = { size: 10, ttl: '1m' } as const;

describe('who is subscribed goes on', () => {
  test('when its rule has stayed the same, and new channels are there', async () => {
    await start({ news: { subscribe: 'anyone' } });
    const client = await subscribed('news');
    expect(await client.command('subscribe', { channel: 'chat:1' })).toBe(102);
    await reload({ 'chat:{room}': { subscribe: 'anyone' }, news: { subscribe: 'anyone' } });
    expect(toldCodes(client)).toEqual([]);
    expect(await client.command('subscribe', { channel: 'chat:1' })).toBeTypeOf('object');
    await publish('still');
    await engine.clock.settle();
    expect(publications(client)).toEqual(['still']);
  });

  test('when another rule with the same permission and options matches first now', async () => {
    await start({ '{all*}': { subscribe: 'anyone' } });
    const client = await subscribed('news:1');
    await reload({ 'news:{id}': { subscribe: 'anyone', publish: 'anyone' }, '{all*}': { subscribe: 'nobody' } });
    expect(toldCodes(client)).toEqual([]);
    expect(await client.command('publish', { channel: 'news:1', data: 1 })).toEqual({});
  });

  test('when who may publish changes, which counts at once', async () => {
    await start({ news: { subscribe: 'anyone', publish: 'anyone' } });
    const client = await subscribed('news');
    await reload({ news: { subscribe: 'anyone', publish: 'nobody' } });
    expect(await client.command('publish', { channel: 'news', data: 1 })).toBe(103);
    expect(toldCodes(client)).toEqual([]);
  });

  test('when the history gets longer or shorter, in the same epoch', async () => {
    await start({ news: { subscribe: 'anyone', history: { size: 2, ttl: '1m' } } });
    const client = await subscribed('news');
    const first = (await publish(1)).position;
    await reload({ news: { subscribe: 'anyone', history: { size: 4, ttl: '1m' } } });
    for (const data of [2, 3, 4]) await publish(data);
    const page = await engine.operations.history('news', { limit: 10, reverse: false });
    expect(page.publications.map(({ data }) => data)).toEqual(['1', '2', '3', '4']);
    await reload({ news: { subscribe: 'anyone', history: { size: 1, ttl: '1m' } } });
    const last = (await publish(5)).position;
    expect(last).toEqual({ offset: 5, epoch: first.epoch });
    expect((await engine.operations.history('news', { limit: 10, reverse: false })).publications).toHaveLength(1);
    await engine.clock.settle();
    expect(toldCodes(client)).toEqual([]);
    expect(publications(client)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('who may subscribe is asked again', () => {
  test('by name: who may not any more is told to subscribe again (2502), and is refused then (103)', async () => {
    await start({ news: { subscribe: 'anyone' } });
    const [ann, nobody] = [await subscribed('news'), await subscribed('news', {})];
    await reload({ news: { subscribe: 'user' } });
    expect([isIn(ann, 'news'), isIn(nobody, 'news')]).toEqual([true, false]);
    expect([toldCodes(ann), toldCodes(nobody)]).toEqual([[], [2502]]);
    expect(await nobody.command('subscribe', { channel: 'news' })).toBe(103);
  });

  test('by capabilities as well', async () => {
    await start({ news: { subscribe: 'anyone' } });
    const capable = await subscribed('news', { sub: 'ann', caps: [{ channels: ['news'], allow: ['sub'] }] });
    await reload({ news: { subscribe: 'nobody' } });
    expect(toldCodes(capable)).toEqual([]);
  });

  test('by a function, which is asked about each, and keeps whom it lets stay', async () => {
    const asked: (string | null)[] = [];
    await start({ news: { subscribe: 'anyone' } });
    const [ann, bob] = [await subscribed('news'), await subscribed('news', { sub: 'bob' })];
    await reload({
      news: {
        subscribe: ({ user }) => {
          asked.push(user);
          return user === 'ann';
        },
      },
    });
    expect(asked.sort()).toEqual(['ann', 'bob']);
    expect([toldCodes(ann), toldCodes(bob)]).toEqual([[], [2502]]);
  });

  test('a function that looks at what the client sends gets it when the client comes back', async () => {
    await start({ news: { subscribe: 'anyone' } });
    const client = await subscribed('news', { sub: 'ann' }, { data: 'please' });
    await reload({ news: { subscribe: ({ data }) => data === 'please' } });
    expect(toldCodes(client)).toEqual([2502]);
    expect(await client.command('subscribe', { channel: 'news', data: 'please' })).toBeTypeOf('object');
  });

  test('a function that fails lets nobody stay, and the others are asked nevertheless', async () => {
    await start({ news: { subscribe: 'anyone' } });
    const clients = await Promise.all(Array.from({ length: 40 }, (_, n) => subscribed('news', { sub: `u${n}` })));
    await reload({
      news: {
        subscribe: async ({ user }) => {
          if (user !== 'u39') throw new Error('backend');
          return true;
        },
      },
    });
    expect(clients.filter((client) => isIn(client, 'news'))).toHaveLength(1);
  });

  test('at most 16 at a time, and a newer rule needs no answers about an older one', async () => {
    const answers: (() => void)[] = [];
    await start({ news: { subscribe: 'anyone' } });
    const clients = await Promise.all(Array.from({ length: 40 }, (_, n) => subscribed('news', { sub: `u${n}` })));
    await reload({ news: { subscribe: () => new Promise((resolve) => answers.push(() => resolve(false))) } });
    expect(answers).toHaveLength(16);
    expect(clients.every((client) => isIn(client, 'news'))).toBe(true);
    await reload({ news: { subscribe: 'anyone', publish: 'anyone' } });
    for (const answer of answers) answer();
    await engine.clock.advance(100);
    expect(answers).toHaveLength(16);
    expect(clients.every((client) => isIn(client, 'news') && toldCodes(client).length === 0)).toBe(true);
    expect(await clients[0]?.command('publish', { channel: 'news', data: 1 })).toEqual({});
  });

  test('what a token has granted goes on until it expires; who has none is told to bring one', async () => {
    await start({ news: { subscribe: 'token' }, open: { subscribe: 'anyone' } });
    const token = JSON.stringify({ channel: 'news', exp: Math.floor(engine.clock.wallMs() / 1_000) + 60 });
    const bearer = await subscribed('news', { sub: 'ann' }, { token });
    const other = await subscribed('open');
    await reload({ news: { subscribe: 'user' }, open: { subscribe: 'token' } });
    expect([toldCodes(bearer), toldCodes(other)]).toEqual([[], [2502]]);
    expect(bearer.session.subscriptions.get(channelName('news'))?.expiresAtMs).toBeDefined();
    const next = JSON.stringify({ channel: 'news', exp: Math.floor(engine.clock.wallMs() / 1_000) + 120 });
    expect(await bearer.command('sub_refresh', { channel: 'news', token: next })).toBeTypeOf('object');
  });

  test('names for certain users (userLimited) shut out the others', async () => {
    await start({ 'chat:{room}': { subscribe: 'user' } });
    const [ann, bob] = [await subscribed('chat:1#ann'), await subscribed('chat:1#ann', { sub: 'bob' })];
    await reload({ 'chat:{room}': { subscribe: 'user', userLimited: true } });
    expect([toldCodes(ann), toldCodes(bob)]).toEqual([[], [2502]]);
  });
});

describe('who was told something else begins anew (2502)', () => {
  test.each([
    ['history comes', {}, { history }],
    ['history goes', { history }, {}],
    ['presence', {}, { presence: true }],
    ['joins', {}, { joinLeave: true }],
  ] as const)('%s', async (_, before, after) => {
    await start({ news: { subscribe: 'anyone', ...before } });
    const client = await subscribed('news');
    await reload({ news: { subscribe: 'anyone', ...after } });
    expect(toldCodes(client)).toEqual([2502]);
    expect(await client.command('subscribe', { channel: 'news' })).toBeTypeOf('object');
    expect(toldCodes(client)).toEqual([2502]);
  });

  test('with 2500 where there is a history before and after: with 2502 the official SDK would forget its place', async () => {
    await start({ news: { subscribe: 'anyone', history }, closed: { subscribe: 'anyone', history } });
    const client = await subscribed('news');
    await client.command('subscribe', { channel: 'closed' });
    await reload({ news: { subscribe: 'anyone', history, presence: true }, closed: { subscribe: 'nobody', history } });
    expect(toldCodes(client)).toEqual([2500, 2500]);
    expect(await client.command('subscribe', { channel: 'closed' })).toBe(103);
    await client.command('subscribe', { channel: 'news' });
    await reload({ news: { subscribe: 'anyone', history, recovery: 'cache', presence: true } });
    expect(toldCodes(client)).toEqual([2500, 2500, 2500]);
  });

  test('and gets exactly what was published in between, where there is a history before and after', async () => {
    await start({ news: { subscribe: 'anyone', history } });
    const client = await subscribed('news');
    const { position } = await publish(1);
    await reload({ news: { subscribe: 'anyone', history, presence: true } });
    await publish(2);
    const result = await client.command('subscribe', { channel: 'news', recover: true, ...position });
    expect(result).toMatchObject({ recovered: true, publications: [{ data: 2, offset: 2 }] });
  });

  test('presence follows: nobody is left behind in it, and who is there is in it', async () => {
    await start({ news: { subscribe: 'anyone', presence: true } });
    const client = await subscribed('news');
    const store = engine.node.ports.broker.presence;
    expect(await store?.list(channelName('news'), 10)).toHaveLength(1);
    await reload({ news: { subscribe: 'anyone' } });
    await client.command('subscribe', { channel: 'news' });
    expect(await store?.list(channelName('news'), 10)).toHaveLength(0);
    await reload({ news: { subscribe: 'anyone', presence: true } });
    await client.command('subscribe', { channel: 'news' });
    expect(await store?.list(channelName('news'), 10)).toHaveLength(1);
  });

  test('no rule knows the channel any more: 2502, and 102 when it comes back', async () => {
    await start({ news: { subscribe: 'anyone' }, other: { subscribe: 'anyone' } });
    const client = await subscribed('news');
    await client.command('subscribe', { channel: 'other' });
    await reload({ other: { subscribe: 'anyone' } });
    expect(toldCodes(client)).toEqual([2502]);
    expect(await client.command('subscribe', { channel: 'news' })).toBe(102);
    expect(engine.node.ports.hub.numChannels).toBe(1);
  });

  test('channels and subscriptions count for the rule that they have now', async () => {
    await start({ 'chat:{room}': { subscribe: 'anyone' }, news: { subscribe: 'anyone' } });
    const [client] = await Promise.all(['chat:a', 'chat:b', 'chat:b', 'news'].map((channel) => subscribed(channel)));
    const usage = () => usageOf(engine.node.ports);
    expect(usage()).toEqual([
      ['chat:{room}', 2, 3],
      ['news', 1, 1],
    ]);
    // One begins anew, since there is a history now; two go on under another rule; the rule of one is gone.
    await reload({ 'chat:b': { subscribe: 'anyone' }, 'chat:{room}': { subscribe: 'anyone', history: { size: 1 } } });
    expect(usage()).toEqual([['chat:b', 1, 2]]);
    await client?.command('subscribe', { channel: 'chat:a' });
    expect(usage()).toEqual([
      ['chat:b', 1, 2],
      ['chat:{room}', 1, 1],
    ]);
  });

  test('in pieces, so that others are served meanwhile; all of them in the end', async () => {
    await start({ news: { subscribe: 'anyone' } });
    const clients = await Promise.all(Array.from({ length: 350 }, (_, n) => subscribed('news', { sub: `u${n}` })));
    change({});
    const numTold = () => clients.filter((client) => !isIn(client, 'news')).length;
    expect(numTold()).toBeGreaterThan(0);
    expect(numTold()).toBeLessThan(350);
    await engine.clock.advance(100);
    expect(numTold()).toBe(350);
    expect(engine.node.ports.hub.numSubscriptions).toBe(0);
  });
});

describe('server-side subscriptions', () => {
  test('begin anew without the connection being closed, and lose nothing', async () => {
    await start({ news: { history } });
    const client = await engine.connect({ sub: 'ann', channels: ['news'] });
    await publish(1);
    change({ news: { history, presence: true } });
    await publish(2);
    await engine.clock.advance(100);
    expect(client.closeCode).toBeUndefined();
    expect(toldCodes(client)).toEqual([2502]);
    expect(client.pushes('subscribe')).toHaveLength(1);
    expect(publications(client)).toEqual([1, 2]);
    expect(await engine.node.ports.broker.presence?.list(channelName('news'), 10)).toHaveLength(1);
  });

  test.each(['recover', 'latest', { dropOldest: 2 }] as const)(
    'begin anew with what has been waiting for a slow line: %j',
    async (slow) => {
      const limits = { maxQueueBytes: 65_536 };
      await start({ news: { history, slow } }, { limits });
      const client = await engine.connect({ sub: 'ann', channels: ['news'] });
      for (const value of [1, 2, 3, 4]) {
        await publish(value);
        await engine.clock.settle();
        // From now on the line takes no more, and there is hardly room for anything.
        client.connection.bufferedBytes = 60_000;
      }
      change({ news: { history, slow, presence: true } }, limits);
      await engine.clock.advance(100);
      expect([toldCodes(client), client.closeCode]).toEqual([[2502], undefined]);
      expect(publications(client)).toEqual([1, 2, 3, 4]);
    },
  );

  test('need no permission, and end (2000) when no rule knows their channel', async () => {
    await start({ news: { subscribe: 'anyone' } });
    const client = await engine.connect({ sub: 'ann', channels: ['news'] });
    await reload({ news: { subscribe: 'nobody' } });
    expect(toldCodes(client)).toEqual([]);
    await reload({});
    expect([toldCodes(client), client.closeCode]).toEqual([[2000], undefined]);
  });
});

test('who is subscribing while the rules are replaced is under the new ones in the end', async () => {
  let answer = (): void => undefined;
  await start({ news: { subscribe: () => new Promise((resolve) => (answer = () => resolve(true))) } });
  const client = await engine.connect({ sub: 'ann' });
  client.send('subscribe', { channel: 'news' });
  await engine.clock.settle();
  change({ news: { subscribe: 'nobody' } });
  answer();
  await engine.clock.advance(100);
  expect(isIn(client, 'news')).toBe(false);
  expect(toldCodes(client)).toEqual([2502]);
});

test('a rule that asks for more than the broker has changes nothing, and says which', async () => {
  await start(
    { news: { subscribe: 'anyone' } },
    {
      broker: (memory) => new Proxy(memory, { get: (of, name) => (name === 'history' ? undefined : bound(of, name)) }),
    },
  );
  const client = await subscribed('news');
  const more = { news: { subscribe: 'nobody' }, 'chat:{room}': { subscribe: 'anyone', history } } as const;
  expect(() => change(more)).toThrow(/chat:\{room\}.*history/);
  await engine.clock.advance(100);
  expect(isIn(client, 'news')).toBe(true);
});

function bound(of: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(of, name);
  return typeof value === 'function' ? value.bind(of) : value;
}

test('a rule that makes no sense changes nothing', async () => {
  await start({ news: { subscribe: 'anyone' } });
  const client = await subscribed('news');
  expect(() => change({ news: { subscribe: 'nobody' }, bad: { recovery: 'stream' } })).toThrow(
    expect.objectContaining({ code: 'ERR_CONFIG' }),
  );
  await engine.clock.advance(100);
  expect(isIn(client, 'news')).toBe(true);
  expect(await client.command('history', { channel: 'bad' })).toBe(102);
});
