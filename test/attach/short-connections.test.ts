/**
 * Functions that hold a WebSocket for a time: each ends its sockets, and clients lose and repeat nothing.
 * `npm run test:functions` has 200 clients, 500 publications a second and sockets of 30 seconds, and prints the latency.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { channel, fanfare } from 'fanfare';
import { redis } from 'fanfare/redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { type Outcome, startWatchers, type Wanted } from '../support/attach/watchers.mjs';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, shared } from '../support/brokers/suites.js';

const maxConnectionMs = Number(process.env.SHORT_CONNECTION_MS ?? 1_000);
const numClients = Number(process.env.SHORT_CLIENTS ?? 10);
const perSec = 500;
/** How often each client is sent away at least. */
const numAways = 2;
/** More are in processes of their own. */
const perProcess = 50;

interface Watchers {
  outcome(): Promise<Outcome>;
}

async function watchHere(wanted: Wanted): Promise<Watchers> {
  const watchers = startWatchers(wanted);
  onTestFinished(() => watchers.stop());
  await watchers.ready();
  return { outcome: async () => watchers.outcome() };
}

async function watchElsewhere(wanted: Wanted): Promise<Watchers> {
  const child = fork(fileURLToPath(new URL('../support/attach/watchers.mjs', import.meta.url)), ['watch']);
  onTestFinished(() => void child.kill());
  const ask = async (question: Wanted | 'outcome') => {
    const answered = once(child, 'message');
    child.send(question);
    // safe: the process answers each with one
    return (await answered)[0] as Outcome;
  };
  await ask(wanted);
  return { outcome: () => ask('outcome') };
}

describe.skipIf(redisIsMissing())('attach(server, { maxConnectionMs })', () => {
  const server = shared(RedisServer.start);

  /** An application on a platform that ends every socket after its time, whatever it is doing. */
  async function startFunction(prefix: string) {
    const app = fanfare({
      anonymous: true,
      broker: redis({ url: server().url, prefix }),
      channels: { 'stream:{n}': channel({ subscribe: 'anyone', history: { size: 10_000 } }) },
      log: silentLogger,
    });
    const http = createServer();
    let numCut = 0;
    http.on('connection', (socket: Socket) => {
      const timer = setTimeout(() => {
        numCut++;
        socket.destroy();
      }, maxConnectionMs);
      socket.on('close', () => clearTimeout(timer));
    });
    app.attach(http, { maxConnectionMs });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await app.close(500);
      http.close();
      http.closeAllConnections();
    });
    // safe: it listens on TCP
    const { port } = http.address() as AddressInfo;
    return { app, url: `ws://127.0.0.1:${port}/connection/websocket`, numCut: () => numCut };
  }

  test('clients are told before they are cut, recover from another function, and miss and repeat nothing', {
    timeout: 30_000 + maxConnectionMs * 5,
  }, async () => {
    const prefix = ownPrefix();
    const functions = await Promise.all([startFunction(prefix), startFunction(prefix)]);
    const urls = functions.map(({ url }) => url);
    const isLong = numClients > perProcess;
    const watchers = await Promise.all(
      isLong
        ? Array.from({ length: numClients / perProcess }, () => watchElsewhere({ urls, count: perProcess }))
        : [watchHere({ urls, count: numClients })],
    );
    const outcomes = () => Promise.all(watchers.map((each) => each.outcome()));
    const beganMs = performance.now();
    let n = 0;
    const publish = async () => {
      const position = await functions[n % 2]?.app.publish('stream:a', { n: n++, atMs: Date.now() });
      expect(position?.offset).toBe(n);
    };
    for (let isEnough = false; !isEnough; ) {
      const untilMs = performance.now() + maxConnectionMs / 2;
      while (performance.now() < untilMs) {
        // As many as are due by now, in the order of their numbers.
        const due = ((performance.now() - beganMs) / 1_000) * perSec;
        while (n < due) await publish();
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      isEnough = (await outcomes()).every(({ fewestAways }) => fewestAways >= numAways);
    }
    const sec = (performance.now() - beganMs) / 1_000;
    await publish();
    await expect
      .poll(async () => (await outcomes()).flatMap(({ next }) => next), { timeout: 20_000 })
      .toEqual(Array.from({ length: numClients }, () => n));
    const all = await outcomes();
    expect(all.map(({ numWrong, numUnrecovered }) => ({ numWrong, numUnrecovered }))).toEqual(
      all.map(() => ({ numWrong: 0, numUnrecovered: 0 })),
    );
    // Where a machine has so much other work that a goodbye comes too late, the platform cuts.
    const codes = all.flatMap((each) => each.codes);
    const numCut = functions.reduce((sum, each) => sum + each.numCut(), 0);
    expect(codes).toContain(3001);
    expect(codes.filter((code) => code !== 3001).length).toBeLessThanOrEqual(numCut);
    if (!isLong) return;
    const steady = all
      .flatMap((each) => Object.entries(each.steady))
      .map(([ms, count]) => ({ ms: Number(ms), count }))
      .sort((a, b) => a.ms - b.ms);
    const total = steady.reduce((sum, { count }) => sum + count, 0);
    const at = (part: number) => {
      let below = 0;
      for (const { ms, count } of steady) {
        below += count;
        if (below >= total * part) return ms;
      }
      return undefined;
    };
    const sentAway = codes.length;
    const figures = { sec, publications: n, perSec: n / sec, deliveries: n * numClients, sentAway, numCut };
    console.log(JSON.stringify({ ...figures, outsideCutsMs: { p50: at(0.5), p99: at(0.99), p9999: at(0.9999) } }));
  });
});
