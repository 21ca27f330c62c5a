/** Readers who have a rate in several channels get what waits in all of them in one write, whenever each of them began. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { EngineNode } from '../support/engine/node.js';
import { plainEncoding, RecordedConnection } from '../support/engine/recorded-connection.js';

/** Until all beats have come together: each moves as far as the time from one publication to the next allows. */
const togetherMs = 10_000;
const measuredMs = 4_000;

/** A page has one rate in the first so many channels, and comes after so many milliseconds. */
const page = fc.record({
  rate: fc.constantFrom(5, 10, 20),
  numChannels: fc.integer({ min: 1, max: 5 }),
  afterMs: fc.nat({ max: 300 }),
});
/** Where each channel begins among the times from one publication to the next, which have no common measure with the beats. */
const sources = fc.array(fc.nat({ max: 25 }), { minLength: 5, maxLength: 5 });
/** When the program was at work, and for how long. */
const hiccup = fc.record({ atMs: fc.integer({ min: 500, max: 4_000 }), ms: fc.integer({ min: 1, max: 400 }) });

async function started(): Promise<EngineNode> {
  const rule = channel({ subscribe: 'anyone', maxRate: {} });
  return await EngineNode.start({ channels: { 'price:{n}': rule }, limits: { pingIntervalMs: 0, commandsPerSec: 0 } });
}

function open({ node }: EngineNode, maxRate: number, numChannels: number): RecordedConnection {
  const connection = new RecordedConnection(plainEncoding());
  const session = node.ports.open(connection, { headers: new Map(), url: '/', remoteAddress: '192.0.2.1' });
  const commands: object[] = [{ id: 1, connect: {} }];
  for (let n = 0; n < numChannels; n++) {
    commands.push({ id: n + 2, subscribe: { channel: `price:${n}`, data: { maxRate } } });
  }
  session.receive(commands.map((command) => JSON.stringify(command)).join('\n'));
  return connection;
}

/** Publishes in each channel every 20 to 45 milliseconds. */
async function publish(engine: EngineNode, begins: readonly number[], forMs: number): Promise<void> {
  const { clock, operations } = engine;
  const sources = begins.map((step) => ({ step, dueMs: clock.nowMs() + step }));
  const untilMs = clock.nowMs() + forMs;
  for (;;) {
    const nextMs = Math.min(...sources.map(({ dueMs }) => dueMs));
    if (nextMs > untilMs) break;
    await clock.advance(Math.max(0, nextMs - clock.nowMs()));
    for (const [n, source] of sources.entries()) {
      if (source.dueMs > nextMs) continue;
      source.dueMs += 20 + (source.step++ % 26);
      await operations.publish(`price:${n}`, trustedJsonText('1'), {});
    }
    await clock.settle();
  }
  await clock.advance(Math.max(0, untilMs - clock.nowMs()));
}

test('of pages with the same channels each gets one write for each of its beats', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(page, { minLength: 1, maxLength: 4 }),
      sources,
      fc.array(hiccup, { maxLength: 3 }),
      async (pages, begins, hiccups) => {
        const engine = await started();
        try {
          const readers: { readonly connection: RecordedConnection; readonly rate: number }[] = [];
          for (const { rate, numChannels, afterMs } of pages) {
            await publish(engine, begins, afterMs);
            readers.push({ connection: open(engine, rate, numChannels), rate });
          }
          for (const { atMs, ms } of hiccups) {
            await publish(engine, begins, atMs);
            engine.clock.work(ms);
          }
          await publish(engine, begins, togetherMs);
          const before = readers.map(({ connection }) => connection.frames.length);
          await publish(engine, begins, measuredMs);
          for (const [n, { connection, rate }] of readers.entries()) {
            const numWrites = connection.frames.length - (before[n] ?? 0);
            expect(Math.abs(numWrites - (rate * measuredMs) / 1_000)).toBeLessThanOrEqual(1);
          }
        } finally {
          await engine.node.close(0);
        }
      },
    ),
    { numRuns: 20 },
  ));

test('beats that have come together stay so when all of them are late', async () => {
  const engine = await started();
  const begins = [0, 5, 11, 17];
  const connection = open(engine, 10, begins.length);
  await publish(engine, begins, togetherMs);
  for (let round = 0; round < 5; round++) {
    // Something waits in all of them.
    await publish(engine, begins, 60);
    engine.clock.work(61);
    await engine.clock.advance(1);
    const before = connection.frames.length;
    await publish(engine, begins, 1_000);
    expect(Math.abs(connection.frames.length - before - 10)).toBeLessThanOrEqual(1);
  }
  await engine.node.close(0);
});
