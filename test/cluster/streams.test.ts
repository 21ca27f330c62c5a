/**
 * Streams over processes of the built server, the workers of one and three over Redis: while nodes, connections and the
 * broker are lost in the middle of answers, each reader ends with the text byte for byte, or interrupted with its beginning.
 * STREAM_KILLS=300 makes the long form.
 */

import { connect } from 'fanfare/client';
import { type Stream, streams } from 'fanfare/client/streams';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { SeededRandom } from '../chaos/seeded-random.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { call, startFleet } from './plain-fleet.js';
import { startThreeNodes } from './three-nodes.js';

const config = {
  anonymous: true,
  api: { insecure: true },
  port: 0,
  channels: {
    'chat:{id}': { subscribe: 'anyone', streams: { every: '20ms', interruptAfter: '2s', cancel: 'anyone' } },
    'alone:{id}': { subscribe: 'anyone', streams: { every: '20ms', interruptAfter: '2s', stopWhenAlone: '1s' } },
  },
};
const numKills = Number(process.env.STREAM_KILLS ?? 3);
const patience = { timeout: 60_000 + numKills * 3_000 };
const eventually = (check: () => unknown) => expect.poll(check, { timeout: 20_000, interval: 10 });

/** Reads one stream over a connection that can be cut. */
async function reader(url: string, channel: string, id: string) {
  const way = await FaultProxy.start({ port: Number(new URL(url).port) });
  const client = connect(`http://127.0.0.1:${way.port}`, {
    websocket: WebSocket,
    minReconnectDelayMs: 5,
    maxReconnectDelayMs: 50,
  });
  onTestFinished(async () => {
    client.close();
    await way[Symbol.asyncDispose]();
  });
  const chat = streams(client, channel);
  const stream = chat.stream(id);
  const seen: string[] = [];
  stream.onChange(() => {
    const { soFar } = stream;
    // Text only ever grows.
    if (!soFar.startsWith(seen.at(-1) ?? '')) seen.push(`not a continuation: ${soFar.slice(-20)}`);
    seen.push(soFar);
  });
  await chat.channel.ready(10_000);
  return { way, chat, stream, seen };
}

function expectGrowth({ seen }: { readonly seen: readonly string[] }): void {
  expect(seen.filter((text) => text.startsWith('not a continuation'))).toEqual([]);
}

/** Calls one of the nodes, another one while that is gone. */
async function anywhere(urls: readonly string[], method: string, fields: object): Promise<Record<string, unknown>> {
  for (let n = 0; ; n++) {
    try {
      const { status, result, error } = await call(urls[n % urls.length] ?? '', method, fields);
      if (status === 503 && n < 200) throw new Error('not now');
      return { ...(result as object | undefined), ...(error && { error }) };
    } catch (cause) {
      if (n >= 200) throw cause;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe.each(['workers', 'redis'] as const)('%s', (kind) => {
  if (kind === 'redis' && redisIsMissing()) return test.skip('Redis is missing');

  test(
    'G1 G3 G4 G9: readers at all nodes get what is appended at any; reloads cancel nothing, readers at other nodes do',
    patience,
    async () => {
      await using fleet = await startThreeNodes(kind, config);
      const { urls } = fleet;
      const random = new SeededRandom(1);
      const readers = await Promise.all([0, 1, 2].map((n) => reader(urls[n % urls.length] ?? '', 'chat:1', 'answer')));
      const { run } = await anywhere(urls, 'stream_open', { channel: 'chat:1', id: 'answer' });
      let whole = '';
      for (let seq = 1; seq <= numKills * 20; seq++) {
        const text = `${seq}é "\n`;
        whole += text;
        const append = { channel: 'chat:1', id: 'answer', run, seq, text };
        const at = random.below(urls.length);
        const { cancelled } = await anywhere([...urls.slice(at), ...urls.slice(0, at)], 'stream_append', append);
        expect(cancelled).toBeUndefined();
        // As if the answer to the request had been lost.
        if (seq % 9 === 0) await anywhere(urls, 'stream_append', append);
        if (seq % 20 === 10) readers[random.below(3)]?.way.reset();
      }
      await anywhere(urls, 'stream_close', { channel: 'chat:1', id: 'answer', run });
      for (const one of readers) {
        await eventually(() => one.stream.state).toBe('closed');
        expect(one.stream.soFar).toBe(whole);
        expectGrowth(one);
      }
      const late = await reader(urls[0] ?? '', 'chat:1', 'answer');
      expect(await late.stream.text()).toBe(whole);

      // A cancellation reaches a producer at another node.
      const times: number[] = [];
      for (let n = 0; n < Math.max(6, numKills); n++) {
        const [channel, id] = ['chat:1', `answer ${n}`];
        const { run } = await anywhere(urls, 'stream_open', { channel, id });
        const waiting = call(urls[n % urls.length] ?? '', 'stream_wait', { channel, id, run });
        const began = performance.now();
        await readers[(n + 1) % 3]?.chat.stream(id).cancel();
        expect((await waiting).result).toEqual({ stopped: 'cancelled' });
        times.push(performance.now() - began);
      }
      times.sort((a, b) => a - b);
      const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(1);
      console.info(
        `${kind}: ${times.length} cancellations reach another node in ${at(0.5)} ms (p50), ${at(0.99)} ms (p99)`,
      );
    },
  );
});

describe.skipIf(redisIsMissing())('over Redis', () => {
  test('F1: nodes are killed in the middle of answers: these go on elsewhere', patience, async () => {
    await using redis = await RedisServer.start();
    const random = new SeededRandom(2);
    await using steady = await startFleet([redis.url], config);
    const [url = ''] = steady.urls;
    const text = Array.from({ length: 40 }, (_, n) => `${n}ü `);
    for (let kill = 0; kill < Math.ceil(numKills / 3); kill++) {
      await using doomed = await startFleet([redis.url], config);
      const [doomedUrl = ''] = doomed.urls;
      const [channel, id] = ['chat:3', `answer ${kill}`];
      const readers = [await reader(url, channel, id), await reader(doomedUrl, channel, id)] as const;
      // Its connections lead to the other node from now on, once they are lost.
      const request = new TransformStream<Uint8Array, Uint8Array>();
      const writer = request.writable.getWriter();
      const answered = fetch(`${doomedUrl}/api/stream_write?${new URLSearchParams({ channel, id })}`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body: request.readable,
        duplex: 'half',
      } as RequestInit);
      answered.catch(() => undefined);
      const cut = 5 + random.below(30);
      for (const token of text.slice(0, cut)) await writer.write(new TextEncoder().encode(token));
      const sent = text.slice(0, cut).join('');
      await eventually(() => readers[0].stream.soFar).toBe(sent);
      doomed.nodes[0]?.signal('SIGKILL');
      writer.abort().catch(() => undefined);
      await expect(readers[0].stream.text()).rejects.toMatchObject({ code: 'ERR_STREAM_INTERRUPTED' });
      expect(readers[0].stream.soFar).toBe(sent);
      expect(sent.startsWith(readers[1].stream.soFar)).toBe(true);
      const opened = await anywhere([url], 'stream_open', { channel, id });
      expect(opened).toMatchObject({ resumed: true, length: sent.length });
      const rest = text.slice(cut).join('');
      await anywhere([url], 'stream_append', { channel, id, run: opened.run, seq: 1, text: rest });
      await anywhere([url], 'stream_close', { channel, id, run: opened.run, seq: 1 });
      await eventually(() => readers[0].stream.state).toBe('closed');
      expect(await readers[0].stream.text()).toBe(text.join(''));
      for (const one of readers) expectGrowth(one);
    }
  });

  test(
    'producers over HTTP hear that nobody reads any more, and go on with what was interrupted, at any node',
    patience,
    async () => {
      await using redis = await RedisServer.start();
      await using fleet = await startFleet([redis.url, redis.url], config);
      const [one = '', two = ''] = fleet.urls;
      const [channel, id] = ['alone:1', 'answer'];
      const { stream, chat } = await reader(two, channel, id);
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
      const early = await call(one, 'stream_wait', { channel, id, run: again.run, timeout_ms: 2_500 });
      expect(early.result).toEqual({});
      chat.close();
      // Who has found it cancelled before it heard why, is told that.
      const stops = (await Promise.all(waiting)).map(({ result }) => (result as { stopped?: string }).stopped);
      expect(stops.filter((stopped) => stopped !== 'cancelled')).toContain('alone');
      const late = await anywhere([one], 'stream_append', { channel, id, run: again.run, seq: 2, text: '!' });
      expect(late).toMatchObject({ cancelled: true, length: 8 });
    },
  );

  test('F2 G5: the broker begins anew: readers are told, with what they had', patience, async () => {
    await using redis = await RedisServer.start();
    await using fleet = await startFleet([redis.url, redis.url], config);
    const { urls } = fleet;
    const [channel, id] = ['chat:4', 'answer'];
    const readers = await Promise.all(urls.map((url) => reader(url, channel, id)));
    const { run } = await anywhere(urls, 'stream_open', { channel, id });
    await anywhere(urls, 'stream_append', { channel, id, run, seq: 1, text: 'so far' });
    for (const { stream } of readers) await eventually(() => stream.soFar).toBe('so far');
    await redis.startAgain();
    for (const { stream } of readers as readonly { stream: Stream }[]) {
      await eventually(() => stream.state).toBe('interrupted');
      expect(stream.soFar).toBe('so far');
    }
    const late = await anywhere(urls, 'stream_append', { channel, id, run, seq: 2, text: 'late' });
    expect(late).toMatchObject({ error: { code: 102 } });
  });
});
