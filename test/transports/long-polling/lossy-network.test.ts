/**
 * Long polling where every tenth answer is lost, every twentieth request is cut in half and everything is late: nothing
 * is missing, nothing comes twice, and the server does not grow (G1–G4, G11).
 */

import { Centrifuge, type Subscription } from 'centrifuge';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { LongPollingSocket } from '../../../src/client/long-polling-socket.js';
import { nextEvent } from '../../support/centrifuge/awaiting.js';
import { ServerProcess } from '../../support/hardening/server-process.js';
import { LossyProxy } from '../../support/network/lossy-proxy.js';

const numPublications = 10_000;
const burst = 100;
/** The slowest subscriber is not left further behind than this: the history has to have what it misses. */
const maxBehind = 1_000;
const numSubscribers = 4;
const numOwn = 100;

interface Subscriber {
  readonly client: Centrifuge;
  readonly room: Subscription;
  readonly received: unknown[];
  /** Times that it had to connect again. */
  readonly interruptions: { code: number; reason: string }[];
  /** Times that the server could not tell it what it had missed. */
  readonly gaps: unknown[];
}

async function subscribe(url: string, channel: string): Promise<Subscriber> {
  const client = new Centrifuge([{ transport: 'sockjs', endpoint: `${url}/connection/long_polling` }], {
    sockjs: LongPollingSocket,
    // The type knows those of SockJS alone.
    sockjsOptions: { timeoutMs: 500 } as object,
    timeout: 20_000,
    minReconnectDelay: 50,
    maxReconnectDelay: 500,
  });
  onTestFinished(() => client.disconnect());
  const subscriber: Subscriber = {
    client,
    room: client.newSubscription(channel),
    received: [],
    interruptions: [],
    gaps: [],
  };
  const { room, received, interruptions, gaps } = subscriber;
  room.on('publication', ({ data }) => received.push(data));
  room.on('subscribed', ({ wasRecovering, recovered }) => {
    if (wasRecovering && !recovered) gaps.push(received.length);
  });
  const subscribed = nextEvent(room, 'subscribed');
  room.subscribe();
  client.connect();
  await subscribed;
  client.on('connecting', ({ code, reason }) => interruptions.push({ code, reason }));
  return subscriber;
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

describe('a network that loses answers and cuts requests', () => {
  test('G1, G2, G3, G4, G11: 10,000 publications arrive once and in order, and what clients send is taken once', async () => {
    const server = await ServerProcess.start({ limits: { pollWaitMs: 1_000, pollGraceMs: 10_000 } });
    onTestFinished(() => server.stop());
    const proxy = await LossyProxy.start({
      targetPort: server.port,
      seed: 20_261_124,
      lostEvery: 10,
      cutEvery: 20,
      maxDelayMs: 20,
    });
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const before = await server.ask('begin');

    const subscribers = await Promise.all(
      Array.from({ length: numSubscribers }, () => subscribe(proxy.url, 'open:lossy')),
    );
    const slowest = () => Math.min(...subscribers.map(({ received }) => received.length));
    const reaches = (count: number) =>
      vi.waitFor(() => expect(slowest()).toBeGreaterThanOrEqual(count), { timeout: 30_000, interval: 5 });
    // Beside the publications of the server, each client publishes its own.
    const own = Promise.all(
      subscribers.map(async ({ client }, who) => {
        for (let n = 0; n < numOwn; n++) await client.publish('open:own', `${who}-${n}`);
      }),
    );
    // Looked at below; until then its failure has no other owner.
    own.catch(() => undefined);
    for (let from = 1; from <= numPublications; from += burst) {
      await server.ask('publish', { channel: 'open:lossy', count: burst, from });
      await reaches(from + burst - 1 - maxBehind);
    }
    await reaches(numPublications);
    await own;

    const { counts } = proxy;
    expect(counts.lostAnswers).toBeGreaterThan(20);
    expect(counts.cutRequests).toBeGreaterThan(10);
    expect(counts.halvedAnswers).toBeGreaterThan(0);
    expect(counts.silentAnswers).toBeGreaterThan(0);
    for (const { received, gaps, interruptions } of subscribers) {
      expect(received).toEqual(upTo(numPublications));
      expect(gaps).toEqual([]);
      // The transport itself makes good what the network loses: nobody had to connect again.
      expect(interruptions).toEqual([]);
    }
    const history = await subscribers[0]?.client.history('open:own', { limit: -1 });
    const published = history?.publications.map(({ data }) => String(data)) ?? [];
    for (const who of subscribers.keys()) {
      const its = published.filter((value) => value.startsWith(`${who}-`));
      expect(its).toEqual(Array.from({ length: numOwn }, (_, n) => `${who}-${n}`));
    }

    for (const { client } of subscribers) client.disconnect();
    const ended = await server.ask('end', { since: before.published, atLeast: 0 });
    expect(ended.worst.rssBytes - before.rssBytes).toBeLessThan(48 * 1_048_576);
    await vi.waitFor(async () => expect((await server.ask('held')).sessions).toBe(before.held.sessions), {
      timeout: 15_000,
      interval: 100,
    });
    expect(server.stderr).toBe('');
  }, 90_000);
});
