/** The typed client behind a proxy that is bad to WebSocket: down to what passes, and up again, without losing a message. */

import { EventSource } from 'eventsource';
import { channel, fanfare, rpc } from 'fanfare';
import { type Client, type ConnectOptions, connect, type TransportName, type TransportStore } from 'fanfare/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PickyProxy, type UpgradeFate } from '../support/network/picky-proxy.js';
import { served } from '../support/servers/served.js';
import { next, quickClient, take, until } from './chat-server.js';

const steadyAfterMs = 200;

function newsApp() {
  return fanfare({
    anonymous: true,
    transports: { sse: true },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      news: channel({ message: z.number(), subscribe: 'anyone', publish: 'anyone', history: { size: 500 } }),
      ticks: channel({ message: z.number(), subscribe: 'anyone' }),
      blinks: channel({ subscribe: 'anyone' }),
    },
    rpc: { double: rpc({ input: z.number(), allow: 'anyone', run: (n) => n * 2 }) },
  });
}

type App = ReturnType<typeof newsApp>;
type NewsClient = Client<App>;

let app: App;
let appPort: number;
let proxy: PickyProxy;

beforeEach(async () => {
  ({ app, port: appPort } = await served(newsApp()));
  proxy = await PickyProxy.start(appPort);
});

afterEach(() => proxy[Symbol.asyncDispose]());

const connected = (options: ConnectOptions = {}) =>
  quickClient<App>(proxy.url, { eventsource: EventSource, steadyAfterMs, probeIntervalMs: 100, ...options });

/** Resolves when the client is connected by one of those transports. */
const by = (client: NewsClient, ...transports: readonly (TransportName | undefined)[]) =>
  until(() => transports.includes(client.transport));

/** Numbers that were published, as this client receives them. */
function received(client: NewsClient): { readonly numbers: number[]; upTo(last: number): Promise<void> } {
  const numbers: number[] = [];
  client.channel('news').on('message', ({ data }) => numbers.push(data));
  return { numbers, upTo: (last) => until(() => numbers.includes(last)) };
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('a client whose WebSocket', () => {
  it.each<[string, UpgradeFate]>([
    ['is refused', 'refused'],
    ['is accepted and then silent', 'silent'],
    ['is cut after a while', 50],
  ])('%s goes on by the next transport, and back when it passes', async (_, fate) => {
    proxy.upgrades = fate;
    // On a machine with much to do even a good transport may need that long: then it is the one after it.
    const client = connected(fate === 'silent' ? { timeoutMs: 500 } : {});
    const news = received(client);
    await client.channel('news').ready();
    let published = 0;
    const publishSome = async () => {
      for (let n = 0; n < 5; n++) await app.publish('news', ++published);
    };
    await publishSome();
    await by(client, 'http_stream', 'long_polling');
    await publishSome();
    await news.upTo(published);
    // Asked, and found out that it does not pass for long enough.
    const asked = proxy.numUpgrades;
    await expect.poll(() => proxy.numUpgrades).toBeGreaterThan(asked + 1);
    expect(client.transport).not.toBe('websocket');

    proxy.upgrades = 'passes';
    const states: string[] = [];
    client.on('connecting', ({ reason }) => states.push(reason));
    client.on('disconnected', ({ reason }) => states.push(`gone: ${reason}`));
    const back = by(client, 'websocket');
    await publishSome();
    await back;
    await publishSome();
    await news.upTo(published);
    expect(news.numbers).toEqual(upTo(published));
    expect(states).toEqual(['a better transport passes again']);
    expect(client.status).toMatchObject({ state: 'connected' });
    expect(app.numClients).toBe(1);
  });

  it('passes again waits while a channel is open of which nothing can be recovered, and goes up when it is left', async () => {
    proxy.upgrades = 'refused';
    const client = connected();
    const ticks = client.channel('ticks');
    client.channel('blinks', { mayMiss: true });
    const seen: number[] = [];
    ticks.on('message', ({ data }) => seen.push(data));
    const news = client.channel('news');
    await Promise.all([by(client, 'http_stream'), ticks.ready(), news.ready()]);
    const states: string[] = [];
    client.on('connecting', ({ reason }) => states.push(reason));
    proxy.upgrades = 'passes';
    const asked = proxy.numUpgrades;
    let published = 0;
    const publishUntil = async (isDone: () => boolean) => {
      while (!isDone()) {
        await app.publish('ticks', ++published);
        await news.publish(published);
      }
    };
    await publishUntil(() => proxy.numUpgrades > asked);
    // The probe holds its connection for as long as one has to live to be steady.
    const end = performance.now() + 3 * steadyAfterMs;
    await publishUntil(() => performance.now() > end);
    await expect.poll(() => seen.length).toBe(published);
    expect([seen, states, client.transport]).toEqual([upTo(published), [], 'http_stream']);
    ticks.close();
    await by(client, 'websocket');
    expect(states).toEqual(['a better transport passes again']);
  });

  it('does not pass fails no call on the way back up: those under way are waited for, others wait', async () => {
    proxy.upgrades = 'refused';
    const client = connected();
    await by(client, 'http_stream');
    proxy.upgrades = 'passes';
    const back = by(client, 'websocket');
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    const results: number[] = [];
    const callers = [1, 2, 3].map(async () => {
      while (client.transport !== 'websocket') results.push(await client.rpc('double', 21));
    });
    await Promise.all([back, ...callers]);
    expect(new Set(results)).toEqual(new Set([42]));
    expect(errors).toEqual([]);
  });
});

describe('with those above blocked', () => {
  const paths = {
    http_stream: '/connection/http_stream',
    sse: '/connection/sse',
    long_polling: '/connection/long_polling',
  } as const;
  const all: readonly TransportName[] = ['websocket', 'http_stream', 'sse', 'long_polling'];

  it.each(all)('%s is what the client goes by', async (transport) => {
    const above = all.slice(0, all.indexOf(transport));
    if (above.length > 0) proxy.upgrades = 'refused';
    for (const name of above) if (name !== 'websocket') proxy.forbidden.add(paths[name]);
    const client = connected({ transports: all });
    const news = received(client);
    await client.channel('news').publish(1);
    await app.publish('news', 2);
    await news.upTo(2);
    expect(news.numbers).toEqual([1, 2]);
    expect(client.transport).toBe(transport);
    expect(await client.rpc('double', 4)).toBe(8);
  });

  it('a stream without a way for commands is given up as well', async () => {
    proxy.upgrades = 'refused';
    proxy.forbidden.add('/emulation');
    const client = connected({ timeoutMs: 500, steadyAfterMs: 10_000 });
    await client.channel('news').ready();
    expect(client.transport).toBe('long_polling');
  });

  it('the transports are those that the application wants, and at paths of its own', async () => {
    expect(() => connected({ transports: [] })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
    expect(() => connect(proxy.url, { transports: ['sse'] })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
    const client = connected({
      transports: ['sse'],
      endpoints: { sse: '/connection/sse?by=path', emulation: '/emulation?by=path' },
    });
    expect(await client.rpc('double', 1)).toBe(2);
    expect(client.transport).toBe('sse');
    expect(proxy.numUpgrades).toBe(0);
  });
});

describe('a server that is down', () => {
  it('is not taken for a blocked WebSocket for long', async () => {
    const client = connected();
    await by(client, 'websocket');
    const { port } = new URL(proxy.url);
    const lost = next(client, 'connecting');
    await proxy[Symbol.asyncDispose]();
    await lost;
    // Down all the way and around, more than once.
    await take(client, 'error', 10);
    proxy = await PickyProxy.start(appPort, Number(port));
    await by(client, 'websocket');
  });
});

describe('what worked', () => {
  it('is where the next client begins', async () => {
    const kept = new Map<string, string>();
    const transportStore: TransportStore = {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, value),
      removeItem: (key) => kept.delete(key),
    };
    proxy.upgrades = 'refused';
    const first = connected({ transportStore, probeIntervalMs: 0 });
    await by(first, 'http_stream');
    const asked = proxy.numUpgrades;
    await by(connected({ transportStore, probeIntervalMs: 0 }), 'http_stream');
    expect(proxy.numUpgrades).toBe(asked);
    expect([...kept.keys()]).toEqual([`fanfare.transport:${proxy.url}`]);

    proxy.upgrades = 'passes';
    await by(connected({ transportStore }), 'websocket');
    // Forgotten when WebSocket has shown that it works.
    await expect.poll(() => kept.size).toBe(0);
  });
});
