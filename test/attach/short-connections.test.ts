/**
 * Functions that hold a WebSocket for a time: each ends its sockets, and clients lose and repeat nothing.
 * `npm run test:functions` has 200 clients, 500 publications a second and sockets of 30 seconds, and prints the latency.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FanfareError } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FunctionState, type Platform, startFunction, streamApp } from '../support/attach/short-function.mjs';
import { type Outcome, startWatchers, type Wanted } from '../support/attach/watchers.mjs';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, shared } from '../support/brokers/suites.js';

const maxConnectionMs = Number(process.env.SHORT_CONNECTION_MS ?? 1_000);
const numClients = Number(process.env.SHORT_CLIENTS ?? 10);
/** In beats, as a game or a market has them: what is published in one turn is one frame for each client. */
const perSec = 500;
const beatMs = 20;
/** How often each client is sent away at least. */
const numAways = 2;
/** More are in processes of their own, and so are the functions then. */
const perProcess = 50;
const isLong = numClients > perProcess;
/** The part of them that must be there so soon, outside of cuts. */
const p99Ms = 1_000;

/** A process that answers each message with one. */
function startProcess<Question, Answer>(name: string, task: string): (question: Question) => Promise<Answer> {
  const child = fork(fileURLToPath(new URL(`../support/attach/${name}.mjs`, import.meta.url)), [task]);
  onTestFinished(() => void child.kill());
  return async (question) => {
    const answered = once(child, 'message');
    child.send(question as object | string);
    // safe: it answers so
    return (await answered)[0] as Answer;
  };
}

async function watch(wanted: Wanted): Promise<() => Promise<Outcome>> {
  if (isLong) {
    const ask = startProcess<Wanted | 'outcome', Outcome>('watchers', 'watch');
    await ask(wanted);
    return () => ask('outcome');
  }
  const watchers = startWatchers(wanted);
  onTestFinished(() => watchers.stop());
  await watchers.ready();
  return async () => watchers.outcome();
}

async function serve(platform: Platform): Promise<() => Promise<FunctionState>> {
  if (isLong) {
    const ask = startProcess<Platform | 'state', FunctionState>('short-function', 'serve');
    await ask(platform);
    return () => ask('state');
  }
  const running = await startFunction(platform);
  onTestFinished(() => running.stop());
  return async () => running.state();
}

describe.skipIf(redisIsMissing())('attach(server, { maxConnectionMs })', () => {
  const server = shared(RedisServer.start);

  test.each([
    ['told before they are cut', true],
    ['cut, where the application does not know the time', false],
  ] as const)(
    'clients are %s, recover from another function, and miss and repeat nothing',
    {
      timeout: 60_000 + maxConnectionMs * 6,
    },
    async (end, isTold) => {
      const stored = { url: server().url, prefix: ownPrefix() };
      const functions = await Promise.all([1, 2].map(() => serve({ stored, maxConnectionMs, isTold })));
      const states = () => Promise.all(functions.map((state) => state()));
      const urls = (await states()).map(({ url }) => url);
      const watchers = await Promise.all(
        Array.from({ length: isLong ? numClients / perProcess : 1 }, () =>
          watch({ urls, count: isLong ? perProcess : numClients }),
        ),
      );
      const outcomes = () => Promise.all(watchers.map((outcome) => outcome()));
      const backend = streamApp(stored);
      onTestFinished(() => backend.close(500));

      const beganMs = performance.now();
      let n = 0;
      /** Until it is acknowledged: once in the stream, wherever that is. */
      const publish = async () => {
        const publication = { n: n++, atMs: Date.now() };
        for (;;) {
          try {
            return await backend.publish('stream:a', publication, { idempotencyKey: `${publication.n}` });
          } catch (error) {
            if (!(error instanceof FanfareError && error.retryable)) throw error;
            await pause(beatMs);
          }
        }
      };
      for (let isEnough = false; !isEnough; ) {
        const untilMs = performance.now() + maxConnectionMs / 2;
        while (performance.now() < untilMs) {
          const due = ((performance.now() - beganMs) / 1_000) * perSec;
          const beat: Promise<unknown>[] = [];
          while (n < due) beat.push(publish());
          await Promise.all(beat);
          await pause(beatMs);
        }
        isEnough = (await outcomes()).every(({ fewestAways }) => fewestAways >= numAways);
      }
      const sec = (performance.now() - beganMs) / 1_000;
      await publish();
      await expect
        .poll(async () => (await outcomes()).flatMap(({ last }) => last), { timeout: 20_000 })
        .toEqual(Array.from({ length: numClients }, () => n));
      const all = await outcomes();
      const numCut = (await states()).reduce((sum, each) => sum + each.numCut, 0);
      const codes = all.flatMap((each) => each.codes);
      if (isLong) {
        const figures = { clients: end, sec, publications: n, perSec: n / sec, deliveries: n * numClients, numCut };
        console.log(JSON.stringify({ ...figures, codes: countOf(codes), outsideCutsMs: latency(all) }));
      }
      expect(all.map(({ numWrong, numUnrecovered }) => ({ numWrong, numUnrecovered }))).toEqual(
        all.map(() => ({ numWrong: 0, numUnrecovered: 0 })),
      );
      const numTold = codes.filter((code) => code === 3001).length;
      // Where a machine has so much other work that a goodbye comes too late, the platform cuts.
      expect(codes.length - numTold).toBeLessThanOrEqual(numCut);
      if (isTold) expect(numTold).toBeGreaterThan(0);
      else expect(numTold).toBe(0);
      if (isLong) expect(latency(all).p99).toBeLessThan(p99Ms);
    },
  );
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Milliseconds within which so large a part of the publications has come. */
function latency(all: readonly Outcome[]): Readonly<Record<'p50' | 'p99' | 'p9999', number>> {
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
    return Number.POSITIVE_INFINITY;
  };
  return { p50: at(0.5), p99: at(0.99), p9999: at(0.9999) };
}

function countOf(codes: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
