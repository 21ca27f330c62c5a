/**
 * Streams over processes of the built server, the workers of one and three over Redis and NATS: while readers, nodes,
 * producers' connections and the broker are lost in the middle of answers, each reader that is left ends with the text byte
 * for byte, or interrupted with its beginning. STREAM_KILLS=500 and STREAM_RELOADS=1000 make the long form.
 */

import { describe, expect, onTestFinished, test } from 'vitest';
import { SeededRandom } from '../chaos/seeded-random.js';
import { NatsServer, natsIsMissing } from '../support/brokers/nats-server.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { call, startFleet, startSupervised } from './plain-fleet.js';
import {
  anywhere,
  eventually,
  patientConfig,
  type Reader,
  startReader,
  startWriting,
  streamsConfig,
} from './stream-readers.js';
import { startThreeNodes } from './three-nodes.js';

const numKills = Number(process.env.STREAM_KILLS ?? 4);
const numReloads = Number(process.env.STREAM_RELOADS ?? 3);
const patience = { timeout: 120_000 + numKills * 10_000 + numReloads * 2_000 };
const isMissing = { workers: () => false, redis: () => redisIsMissing(), nats: natsIsMissing };

/** Of a test; they are closed with it. */
async function readers(urls: readonly string[], channel: string): Promise<Reader[]> {
  const all = await Promise.all(urls.map((url) => startReader(url, channel)));
  onTestFinished(async () => void (await Promise.all(all.map((one) => one[Symbol.asyncDispose]()))));
  return all;
}

describe.each(['workers', 'redis', 'nats'] as const)('%s', (kind) => {
  if (isMissing[kind]()) return test.skip(`${kind} is missing`);

  test(
    'G1 G3 G4 G9: readers at all nodes get what is appended at any; reloads cancel nothing, readers at other nodes do',
    patience,
    async () => {
      await using fleet = await startThreeNodes(kind, patientConfig);
      const { urls } = fleet;
      const random = new SeededRandom(1);
      const channel = 'chat:1';
      const all = await readers(
        [0, 1, 2].map((n) => urls[n % urls.length] ?? ''),
        channel,
      );
      const followed = all.map((one) => one.follow('answer'));
      const { run } = await anywhere(urls, 'stream_open', { channel, id: 'answer' });
      let whole = '';
      for (let seq = 1; seq <= numReloads * 4; seq++) {
        const text = `${seq}é "\n`;
        whole += text;
        const append = { channel, id: 'answer', run, seq, text };
        const at = random.below(urls.length);
        const { cancelled, error } = await anywhere([...urls.slice(at), ...urls.slice(0, at)], 'stream_append', append);
        expect([cancelled, error]).toEqual([undefined, undefined]);
        // As if the answer to the request had been lost.
        if (seq % 9 === 0) await anywhere(urls, 'stream_append', append);
        if (seq % 4 !== 2) continue;
        const before = all.map(({ way }) => way.numAccepted);
        for (const { way } of all) way.reset();
        for (const [place, { way }] of all.entries()) {
          await eventually(() => way.numAccepted).toBeGreaterThan(before[place] ?? 0);
          await eventually(() => followed[place]?.soFar).toBe(whole);
        }
      }
      await anywhere(urls, 'stream_close', { channel, id: 'answer', run });
      for (const stream of followed) {
        await eventually(() => stream.state).toBe('closed');
        expect(stream.soFar).toBe(whole);
      }
      expect(all.flatMap(({ faults }) => faults)).toEqual([]);
      const [late] = await readers(urls.slice(0, 1), channel);
      expect(await late?.chat.stream('answer').text()).toBe(whole);

      // A cancellation reaches a producer at another node.
      const times: number[] = [];
      for (let n = 0; n < Math.max(6, numKills); n++) {
        const id = `answer ${n}`;
        const { run } = await anywhere(urls, 'stream_open', { channel, id });
        const waiting = call(urls[n % urls.length] ?? '', 'stream_wait', { channel, id, run });
        const began = performance.now();
        await all[(n + 1) % 3]?.chat.stream(id).cancel();
        expect((await waiting).result).toEqual({ stopped: 'cancelled' });
        times.push(performance.now() - began);
        await anywhere(urls, 'stream_close', { channel, id, run });
      }
      times.sort((a, b) => a - b);
      const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(1);
      console.info(
        `${kind}: ${times.length} cancellations reach another node in ${at(0.5)} ms (p50), ${at(0.99)} ms (p99); ` +
          `${numReloads} reloads of all readers cancelled nothing`,
      );
    },
  );
});

type Kill = 'reader' | 'producer' | 'node' | 'broker';

/** Of ten kills, one is that of a node and one that of the broker. */
function killOf(n: number): Kill {
  const first: readonly Kill[] = ['reader', 'producer', 'node', 'broker'];
  return first[n % 10] ?? (n % 2 === 0 ? 'reader' : 'producer');
}

function told(kind: string, numbers: Readonly<Record<Kill, number>>): string {
  return `${kind}: killed ${Object.entries(numbers)
    .map(([what, count]) => `${count} × ${what}`)
    .join(', ')}`;
}

const brokers = {
  // What Redis has in memory alone is gone with it.
  redis: { start: () => RedisServer.start(), keeps: false },
  nats: { start: () => NatsServer.start(), keeps: true },
};

describe.each(['redis', 'nats'] as const)('killed in the middle of answers, over %s', (kind) => {
  if (isMissing[kind]()) return test.skip(`${kind} is missing`);

  test('F1 F2 G1 G3 G5: readers end with the whole text, or interrupted with its beginning', patience, async () => {
    const { start, keeps } = brokers[kind];
    await using broker = await start();
    await using fleet = await startFleet([broker.url, broker.url], streamsConfig);
    const { urls } = fleet;
    const [url = ''] = urls;
    const random = new SeededRandom(2);
    const channel = 'chat:kills';
    const all = await readers(urls, channel);
    const numbers = { reader: 0, producer: 0, node: 0, broker: 0 };
    for (let n = 0; n < numKills; n++) {
      const kill = killOf(n);
      const id = `answer ${n}`;
      const text = Array.from({ length: 40 }, (_, token) => `${n}.${token}ü"\n `);
      const cut = 5 + random.below(30);
      const sent = text.slice(0, cut).join('');
      await using doomed = kill === 'node' ? await startSupervised(broker.url, streamsConfig) : undefined;
      await using way = await FaultProxy.start({ port: Number(new URL(doomed?.urls[0] ?? url).port) });
      const followed = all.map((one) => one.follow(id));
      const producer = startWriting(`http://127.0.0.1:${way.port}`, channel, id);
      for (const token of text.slice(0, cut)) await producer.write(token);
      await eventually(() => followed[0]?.soFar).toBe(sent);

      numbers[kill]++;
      if (kill === 'reader') {
        const place = random.below(all.length);
        const { way } = all[place] ?? {};
        if (random.below(2) === 0) way?.reset();
        else {
          // Gone for good; another one comes in the middle.
          await all[place]?.[Symbol.asyncDispose]();
          const [other] = await readers([urls[place] ?? ''], channel);
          if (other === undefined) throw new Error('it has started');
          all[place] = other;
          followed[place] = other.follow(id);
          await eventually(() => followed[place]?.soFar).toBe(sent);
        }
      } else if (kill === 'node') doomed?.nodes[0]?.signal('SIGKILL');
      else if (kill === 'broker') await broker.startAgain();
      if (kill === 'reader') producer.leave();
      else if (kill === 'producer') way.reset();

      for (const stream of followed) {
        await eventually(() => stream.state).toBe('interrupted');
        expect(stream.soFar).toBe(sent);
      }
      producer.leave();
      if (kill === 'broker' && !keeps) {
        const late = { channel, id, run: 1, seq: 1, text: 'late' };
        expect(await anywhere(urls, 'stream_append', late)).toMatchObject({ error: { code: 102 } });
        continue;
      }
      const opened = await anywhere(urls, 'stream_open', { channel, id });
      expect(opened).toMatchObject({ resumed: true, length: sent.length });
      const append = { channel, id, run: opened.run, seq: 1, text: text.slice(cut).join('') };
      await anywhere(urls, 'stream_append', append);
      await anywhere([...urls].reverse(), 'stream_append', append);
      await anywhere(urls, 'stream_close', { channel, id, run: opened.run, seq: 1 });
      for (const stream of followed) {
        await eventually(() => stream.state).toBe('closed');
        expect(stream.soFar).toBe(text.join(''));
      }
      expect(all.flatMap(({ faults }) => faults)).toEqual([]);
      if (n % 50 === 49) console.info(told(kind, numbers));
    }
    console.info(told(kind, numbers));
  });
});

describe.skipIf(redisIsMissing())('over Redis', () => {
  test(
    'producers over HTTP hear that nobody reads any more, and go on with what was interrupted, at any node',
    patience,
    async () => {
      await using redis = await RedisServer.start();
      await using fleet = await startFleet([redis.url, redis.url], streamsConfig);
      const [one = '', two = ''] = fleet.urls;
      const [channel, id] = ['alone:1', 'answer'];
      await using reader = await startReader(two, channel);
      const stream = reader.follow(id);
      const { run } = await anywhere([one], 'stream_open', { channel, id });
      await anywhere([one], 'stream_append', { channel, id, run, seq: 1, text: 'one ' });
      // Its reader is at the other node; the producer is silent.
      await eventually(() => stream.state).toBe('interrupted');
      expect(stream.soFar).toBe('one ');
      const again = await anywhere([two], 'stream_open', { channel, id });
      expect(again).toMatchObject({ resumed: true, length: 4 });
      await anywhere([two], 'stream_append', { channel, id, run: again.run, seq: 1, text: 'two' });
      await eventually(() => [stream.state, stream.soFar]).toEqual(['open', 'one two']);
      const waiting = fleet.urls.map((url) =>
        call(url, 'stream_wait', { channel, id, run: again.run, timeout_ms: 30_000 }),
      );
      // For longer than the rule says, with a reader at one of the nodes.
      const early = await call(one, 'stream_wait', { channel, id, run: again.run, timeout_ms: 1_500 });
      expect(early.result).toEqual({});
      reader.chat.close();
      // Who has found it cancelled before it heard why, is told that.
      const stops = (await Promise.all(waiting)).map(({ result }) => (result as { stopped?: string }).stopped);
      expect(stops.filter((stopped) => stopped !== 'cancelled')).toContain('alone');
      const late = await anywhere([one], 'stream_append', { channel, id, run: again.run, seq: 2, text: '!' });
      expect(late).toMatchObject({ cancelled: true, length: 8 });
    },
  );
});
