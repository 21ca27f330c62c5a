/** `fanfare/client` gets everything that a history keeps, however many one reply carries, over every broker that keeps one. */

import { strict as assert } from 'node:assert';
import { Centrifuge } from 'centrifuge';
import { type BrokerFactory, channel, fanfare } from 'fanfare';
import type { ConnectOptions } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { brokerServers } from '../support/brokers/servers.js';
import { shared } from '../support/brokers/suites.js';
import { served } from '../support/servers/served.js';
import { gate, next, quickClient, until } from './chat-server.js';

const maxRecoveredPublications = 20;

async function start(broker?: BrokerFactory) {
  return served(
    fanfare({
      auth: () => ({ user: 'ann' }),
      channels: { 'log:{id}': channel({ subscribe: 'anyone', delta: true, history: { size: 5_000, ttl: '5m' } }) },
      limits: { maxRecoveredPublications },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      ...(broker && { broker }),
    }),
  );
}

type Server = Awaited<ReturnType<typeof start>>;

const ways = [
  {},
  { codec: protobuf },
  { transports: ['http_stream'] },
  { transports: ['long_polling'] },
] satisfies ConnectOptions[];

interface Story {
  readonly before: number;
  readonly missed: number;
  readonly meanwhile: number;
  readonly isCutAgain: boolean;
  readonly way: ConnectOptions;
  readonly delta: boolean;
}

const stories = fc.record({
  before: fc.integer({ min: 1, max: 5 }),
  missed: fc.integer({ min: 0, max: 400 }),
  meanwhile: fc.nat(60),
  isCutAgain: fc.boolean(),
  way: fc.constantFrom(...ways),
  delta: fc.boolean(),
});

let numStories = 0;

/** What a client that is away for a part of it sees of a channel. */
async function tell({ app, url }: Server, { before, missed, meanwhile, isCutAgain, way, delta }: Story): Promise<void> {
  const name = `log:${++numStories}-${Date.now()}` as const;
  const values = new Map<number, unknown>();
  let numPublished = 0;
  const publish = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const value = { n: ++numPublished, text: `number ${numPublished} of all` };
      values.set((await app.publish(name, value)).offset, value);
    }
  };
  const door = gate();
  const client = quickClient(url, { ...way, data: door.passed });
  const log = client.channel(name, { delta });
  const seen: { offset: number | undefined; data: unknown }[] = [];
  const starts: boolean[] = [];
  const gaps: unknown[] = [];
  log.on('message', ({ offset, data }) => seen.push({ offset, data }));
  log.on('subscribed', ({ wasRecovering, recovered }) => starts.push(recovered === wasRecovering));
  log.on('gap', (gap) => gaps.push(gap));
  await log.ready();
  await publish(before);
  await until(() => seen.length === before);
  const away = next(client, 'connecting');
  door.shut();
  app.disconnect('ann', { reconnect: true });
  await away;
  await publish(missed);
  door.open();
  const live = publish(meanwhile);
  if (isCutAgain) {
    await until(() => starts.length > 1);
    app.disconnect('ann', { reconnect: true });
  }
  await live;
  await until(() => seen.at(-1)?.offset === numPublished);
  client.close();
  assert.deepEqual(
    seen.map(({ offset }) => offset),
    Array.from({ length: numPublished }, (_, index) => index + 1),
  );
  for (const { offset, data } of seen) assert.deepEqual(data, values.get(offset ?? 0));
  assert.deepEqual([gaps, starts.every(Boolean)], [[], true]);
}

test('G1 G2 G3 G4: in this process, everything in order and once, with live publications behind it', async () => {
  const server = await start();
  await fc.assert(
    fc.asyncProperty(stories, (story) => tell(server, story)),
    { numRuns: 20 },
  );
}, 120_000);

describe.each(Object.entries(brokerServers))('over %s', (_, { isMissing, start: startBroker, at }) => {
  describe.skipIf(isMissing())('a client', () => {
    const broker = shared<AsyncDisposable & { readonly url: string }>(startBroker);

    test('G1 G2 G3 G4: gets everything in order and once, with live publications behind it', async () => {
      const server = await start(at(broker().url));
      await fc.assert(
        fc.asyncProperty(stories, (story) => tell(server, story)),
        { numRuns: 4 },
      );
    }, 60_000);
  });
});

test('G4: the official SDK, which cannot say that it takes pages, is told that it does not recover', async () => {
  const { app, url } = await start();
  for (let n = 0; n <= maxRecoveredPublications; n++) await app.publish('log:1', n);
  const sdk = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, { websocket: WebSocket });
  const { epoch } = await app.history('log:1', { limit: 0 });
  const log = sdk.newSubscription('log:1', { since: { offset: 0, epoch } });
  const subscribed = new Promise((resolve) => log.once('subscribed', resolve));
  log.subscribe();
  sdk.connect();
  expect(await subscribed).toMatchObject({ wasRecovering: true, recovered: false });
  sdk.disconnect();
});
