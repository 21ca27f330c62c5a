/**
 * Streams and channels are the same data: what the protocol's published client writes, SDKs read, and the other way
 * round, over every broker that keeps a history; written exactly once whatever is lost on the way.
 */

import { createFetchWithBackoff, DurableStream, IdempotentProducer, stream } from '@durable-streams/client';
import { type BrokerFactory, channel, fanfare } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { quickClient, until } from '../client/chat-server.js';
import { brokerServers } from '../support/brokers/servers.js';
import { shared } from '../support/brokers/suites.js';
import { served } from '../support/servers/served.js';

const key = 'the-key-of-the-backend-32-bytes-or-more';
const headers = { 'X-API-Key': key };

async function start(broker?: BrokerFactory, readOnly = false) {
  const { app, url } = await served(
    fanfare({
      anonymous: true,
      channels: {
        'log:{id}': channel({ subscribe: 'anyone', history: { size: 10_000, ttl: '5m' } }),
        'raw:{id}': channel({ subscribe: 'anyone', history: { size: 100, ttl: '5m' }, maxMessageBytes: 1_000 }),
      },
      durableStreams: { path: '/streams', keys: [key], readOnly },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      ...(broker && { broker }),
    }),
  );
  return { app, url, at: (name: string) => `${url}/streams/${name}` };
}

type Server = Awaited<ReturnType<typeof start>>;

let numStreams = 0;
const newName = <Kind extends 'log' | 'raw' = 'log'>(kind = 'log' as Kind) =>
  `${kind}:${++numStreams}-${Date.now()}` as const;

/** What comes live, until the test has finished. */
function follow(url: string, live: 'sse' | 'long-poll') {
  const items: unknown[] = [];
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  void stream<unknown>({ url, live, signal: controller.signal }).then((response) => {
    response.subscribeJson(async (batch) => void items.push(...batch.items));
    // Aborted with the test.
    response.closed.catch(() => undefined);
  });
  return items;
}

/** Answers get lost after the server has given them, as in a network that breaks. */
function losing(every: number): typeof fetch {
  let count = 0;
  return async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method !== 'POST' || ++count % every !== 0) return response;
    await response.arrayBuffer();
    throw new TypeError('fetch failed');
  };
}

function behaves(make: () => Promise<Server>): void {
  test('what the client appends, readers get live, and SDKs as publications', async () => {
    const { url, at } = await make();
    const name = newName();
    const handle = await DurableStream.create({ url: at(name), contentType: 'application/json', headers });
    const [events, polls] = [follow(at(name), 'sse'), follow(at(name), 'long-poll')];
    const seen: unknown[] = [];
    const log = quickClient(url).channel(name);
    log.on('message', ({ data }) => seen.push(data));
    await log.ready();
    await handle.append(JSON.stringify({ n: 1 }));
    await Promise.all([2, 3].map((n) => handle.append(JSON.stringify({ n }))));
    const all = [{ n: 1 }, { n: 2 }, { n: 3 }];
    await until(() => [events, polls, seen].every(({ length }) => length >= 3));
    expect([events, polls, seen]).toEqual([all, all, all]);
    expect(await (await handle.stream({ live: false })).json()).toEqual(all);
  });

  test('a channel that is published to is a stream of JSON, which can be read, appended to and closed', async () => {
    const { app, at } = await make();
    const name = newName();
    expect((await fetch(at(name))).status).toBe(404);
    await app.publish(name, { n: 1 });
    const items = follow(at(name), 'sse');
    await app.publish(name, { n: 2 });
    const handle = new DurableStream({ url: at(name), contentType: 'application/json', headers });
    await handle.append(JSON.stringify({ n: 3 }));
    await until(() => items.length >= 3);
    await handle.close();
    expect(items).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const head = await fetch(at(name), { method: 'HEAD' });
    expect([head.headers.get('content-type'), head.headers.get('stream-closed')]).toEqual(['application/json', 'true']);
  });

  test('G6: a producer whose answers get lost has appended everything once, in order', async () => {
    const { app, at } = await make();
    const name = newName();
    const handle = await DurableStream.create({ url: at(name), contentType: 'application/json', headers });
    const errors: unknown[] = [];
    const producer = new IdempotentProducer(handle, 'one', {
      lingerMs: 0,
      maxInFlight: 3,
      fetch: createFetchWithBackoff(losing(3)),
      headers,
      onError: (error) => errors.push(error),
    });
    const all = Array.from({ length: 60 }, (_, n) => n);
    for (const n of all) {
      producer.append(JSON.stringify(n));
      if (n % 4 === 0) await producer.flush();
    }
    await producer.flush();
    expect(errors).toEqual([]);
    expect(await (await handle.stream({ live: false })).json()).toEqual(all);
    expect((await app.history(name, { limit: 100 })).publications.map(({ data }) => data)).toEqual(all);
  });

  test('bytes come back as they were, in whatever pieces they are kept, up to a mebibyte', async () => {
    const { at } = await make();
    const name = newName('raw');
    const handle = await DurableStream.create({ url: at(name), contentType: 'application/x-custom', headers });
    const parts = [10, 5_000].map((length, seed) => Uint8Array.from({ length }, (_, i) => (i * 7 + seed) % 256));
    for (const part of parts) await handle.append(part);
    expect(Buffer.from(await (await handle.stream({ live: false })).body())).toEqual(Buffer.concat(parts));
    const large = await DurableStream.create({ url: at(newName()), contentType: 'text/plain', headers });
    const text = 'Ünïcødé 😀 '.repeat(40_000);
    await large.append(text);
    let [read, offset] = ['', '-1'];
    for (let isUpToDate = false; !isUpToDate; ) {
      const page = await fetch(`${large.url}?offset=${offset}`);
      read += await page.text();
      offset = page.headers.get('stream-next-offset') ?? '';
      isUpToDate = page.headers.get('stream-up-to-date') === 'true';
    }
    expect(read === text).toBe(true);
  });

  test('a deleted stream is gone with its data, and another one of its name has none of it', async () => {
    const { app, at } = await make();
    const name = newName();
    const handle = await DurableStream.create({ url: at(name), contentType: 'application/json', headers });
    await handle.append('1');
    const head = await handle.head();
    const offset = head.exists ? (head.offset ?? '') : '';
    await handle.delete();
    expect((await fetch(at(name))).status).toBe(404);
    expect((await app.history(name)).publications).toEqual([]);
    const again = await DurableStream.create({ url: at(name), contentType: 'application/json', headers });
    await again.append('2');
    expect(await (await again.stream({ live: false })).json()).toEqual([2]);
    expect((await fetch(`${at(name)}?offset=0000000000000000_${offset.split('_')[1]}`)).status).toBe(410);
  });
}

describe('in this process', () => behaves(() => start()));

describe.each(['redis', 'nats'] as const)('over %s', (name) => {
  const { isMissing, start: startBroker, at } = brokerServers[name];
  describe.skipIf(isMissing())('streams', () => {
    const broker = shared<AsyncDisposable & { readonly url: string }>(startBroker);
    behaves(() => start(at(broker().url)));

    test('two nodes agree on one order, and none of their readers misses or repeats anything', async () => {
      const [one, two] = [await start(at(broker().url)), await start(at(broker().url))];
      const stream = newName();
      await DurableStream.create({ url: one.at(stream), contentType: 'application/json', headers });
      const readers = [one, two].map((node) => follow(node.at(stream), 'sse'));
      await Promise.all(
        [one, two].map(async (node, writer) => {
          const handle = new DurableStream({ url: node.at(stream), contentType: 'application/json', headers });
          const producer = new IdempotentProducer(handle, `writer ${writer}`, {
            lingerMs: 0,
            fetch: losing(4),
            headers,
          });
          for (let n = 0; n < 20; n++) {
            producer.append(JSON.stringify([writer, n]));
            if (n % 3 === 0) await producer.flush();
          }
          await producer.flush();
        }),
      );
      await until(() => readers.every(({ length }) => length >= 40));
      expect(readers[0]).toEqual(readers[1]);
      for (const writer of [0, 1]) {
        const own = (readers[0] as [number, number][]).filter(([by]) => by === writer).map(([, n]) => n);
        expect(own).toEqual(Array.from({ length: 20 }, (_, n) => n));
      }
    });
  });
});

describe('over rabbitmq, which keeps no maps', () => {
  const { isMissing, start: startBroker, at } = brokerServers.rabbitmq;
  test('streams that are written are refused at the start, with the reason', async () => {
    await expect(start(at('amqp://127.0.0.1:1'))).rejects.toMatchObject({ code: 'ERR_CONFIG' });
  });

  describe.skipIf(isMissing())('streams', () => {
    const broker = shared<AsyncDisposable & { readonly url: string }>(startBroker);
    test('are read, and not written', async () => {
      const { app, at: urlOf } = await start(at(broker().url), true);
      const name = newName();
      await app.publish(name, { n: 1 });
      const items = follow(urlOf(name), 'sse');
      await app.publish(name, { n: 2 });
      await until(() => items.length >= 2);
      expect(items).toEqual([{ n: 1 }, { n: 2 }]);
      const post = await fetch(urlOf(name), {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'text/plain' },
        body: 'x',
      });
      expect([post.status, await post.json()]).toEqual([501, { error: { code: 108, message: expect.any(String) } }]);
    });
  });
});
