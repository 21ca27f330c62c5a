/** Answers in a real Redis: nodes that die or are cut off, keys that somebody else has written or taken away, full memory. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import type { AnswerChange, AnswerOutcome } from '../../../src/engine/ports/answer-store.js';
import { textAddition } from '../../../src/model/answer-part.js';
import { SeededRandom } from '../../chaos/seeded-random.js';
import { answersIn, limits } from '../../support/brokers/answers.js';
import { RedisServer, redis7, redisIsMissing, valkey } from '../../support/brokers/redis-server.js';
import { failure, json, ownPrefix, ports, shared, started } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import { FaultProxy } from '../../support/network/fault-proxy.js';

const room = channelName('room');
const { open, runOf, append, bodies, appendOverCuts } = answersIn(room);

describe.each([redis7, valkey])('answers in $kind', (kind) => {
  if (redisIsMissing(kind)) return test.skip('its program is missing');
  const server = shared(() => RedisServer.start({ ...kind, config: ['maxmemory-policy noeviction'] }));

  async function begun() {
    const prefix = ownPrefix();
    const made = (url = server().url) => started(new RedisBroker({ url, prefix, timeoutMs: 5_000 }, ports));
    const client = await server().client();
    onTestFinished(() => client[Symbol.asyncDispose]());
    const key = (name: string) => `${prefix}:${name}:{room}`;
    return { ...(await made()), made, client, key };
  }

  test('G1 G3 G6: appends over a connection that is lost again and again are made once, in their order', async () => {
    const { made, broker, events } = await begun();
    await using way = await FaultProxy.start({ port: server().port });
    const { broker: cutOff } = await made(`redis://127.0.0.1:${way.port}`);
    await appendOverCuts({ broker, events }, cutOff, way, { appends: 300, cutEvery: 30 });
  });

  test('a long answer is kept in pieces, and forgotten as a whole', async () => {
    const { broker, client, key } = await begun();
    const run = await runOf(broker);
    const texts = Array.from({ length: 200 }, (_, n) => `${n}`.padEnd(1 + ((n * 37) % 700), 'é"'));
    for (const text of texts) await append(broker, run, text);
    expect(await bodies(broker)).toEqual({ a: texts.map((text) => textAddition(text).body).join('') });
    await broker.answers.change(room, { kind: 'end', id: 'a', run, state: 'closed', result: json(1) }, limits);
    await broker.answers.history.remove(room);
    expect(await client.send(['EXISTS', ...['order', 'values', 'ends'].map((name) => key(`answers:${name}`))])).toBe(0);
    const { top, publications } = await broker.answers.history.read(room, { limit: 10, reverse: false });
    expect([top.offset, publications]).toEqual([202, []]);
  });

  test('the answer of a node that is gone is interrupted by another that has subscribers, once', async () => {
    const { broker, made } = await begun();
    const others = [await made(), await made()];
    for (const other of others) await other.broker.subscribe(room);
    const soon = { ...limits, silenceMs: 1_000 };
    await broker.answers.change(room, { kind: 'open', id: 'a', content: 'text' }, soon);
    await broker.close();
    for (const { events } of others) {
      await events.until(() => events.publications(room).length === 2);
      expect(events.publications(room)[1]?.publication).toMatchObject({ offset: 2, part: { state: 'interrupted' } });
    }
  });

  test.each([1, 2, 3])('random changes come to the same as in memory, seed %i', async (seed) => {
    const random = new SeededRandom(seed);
    const { broker } = await begun();
    const { broker: memory } = await started(new MemoryBroker(ports));
    const narrow = { ...limits, size: 4, maxLength: 60 };
    const runs = new Map<string, number>();
    const step = (): AnswerChange => {
      const id = `answer ${random.below(7)}`;
      const run = (runs.get(id) ?? 1) - (random.below(8) === 0 ? 1 : 0);
      const seq = random.below(2) === 0 ? undefined : random.below(4);
      switch (random.below(10)) {
        case 0:
        case 1:
        case 2:
          return {
            kind: 'open',
            id,
            content: id.endsWith('3') ? 'items' : 'text',
            meta: json(id),
            ...(seq === 3 && { run }),
          };
        case 3:
          return {
            kind: 'end',
            id,
            run,
            seq,
            state: random.pick(['closed', 'failed', 'interrupted']),
            result: json('\n'),
          };
        case 4:
          return { kind: 'cancel', id };
        case 5:
          return { kind: 'renew', id, run };
        default:
          return {
            kind: 'append',
            id,
            run,
            seq,
            body: id.endsWith('3') ? '[1]' : 'word ',
            length: id.endsWith('3') ? 1 : 5,
          };
      }
    };
    const known = (outcome: AnswerOutcome) =>
      outcome.ok ? { ...outcome, position: outcome.position.offset } : outcome;
    for (let n = 0; n < 400; n++) {
      const one = step();
      const [kept, expected] = [
        await broker.answers.change(room, one, narrow),
        await memory.answers.change(room, one, narrow),
      ];
      expect([n, one, known(kept)]).toEqual([n, one, known(expected)]);
      if (expected.ok) runs.set(one.id, expected.run);
    }
    for (const query of [
      { limit: 100, reverse: false },
      { limit: 2, reverse: true },
      { limit: 100, since: { offset: 100 }, reverse: false },
    ]) {
      const page = await broker.answers.history.read(room, query);
      const expected = await memory.answers.history.read(room, query);
      expect([page.publications, page.continuous]).toEqual([expected.publications, expected.continuous]);
    }
  });

  const breakages: Readonly<Record<string, (key: (name: string) => string) => string[][]>> = {
    'the order is gone': (key) => [['DEL', key('answers:order')]],
    'the values are gone': (key) => [['DEL', key('answers:values')]],
    'the ends are gone': (key) => [['DEL', key('answers:ends')]],
    'one is gone from the ends': (key) => [['ZREM', key('answers:ends'), 'a']],
    'the values are a text': (key) => [['SET', key('answers:values'), 'x']],
    'the place is gone': (key) => [['DEL', key('place')]],
    'everything is gone': () => [['FLUSHALL']],
  };

  test.each(Object.entries(breakages))(
    'G5 B91: %s: the channel begins again, in a new epoch',
    async (_, commandsOf) => {
      const { broker, client, key } = await begun();
      const run = await runOf(broker);
      await append(broker, run, 'so far');
      await runOf(broker, 'b');
      const before = await broker.answers.history.read(room, { limit: 0, reverse: false });
      for (const command of commandsOf(key)) await client.send(command);
      const page = await broker.answers.history.read(room, { limit: 10, reverse: false });
      expect(page.publications).toEqual([]);
      expect(page.top.epoch).not.toBe(before.top.epoch);
      expect(await append(broker, run, 'late')).toMatchObject({ ok: false, why: 'absent' });
      await append(broker, await runOf(broker), 'anew');
      expect(await bodies(broker)).toEqual({ a: 'anew' });
    },
  );

  test('B91: a record that no node has written is an error until the history is removed', async () => {
    const { broker, client, key } = await begun();
    await runOf(broker);
    await client.send(['HSET', key('answers:values'), 'r:a', 'x y']);
    const broken = { code: 'ERR_HISTORY_BROKEN', retryable: false };
    await expect(bodies(broker)).rejects.toMatchObject(broken);
    await expect(append(broker, 1, 'x')).rejects.toMatchObject(broken);
    await broker.answers.history.remove(room);
    expect(await bodies(broker)).toEqual({});
    expect((await open(broker)).ok).toBe(true);
  });

  test('F15 G7: while the memory is full an append is refused, and changes nothing', async () => {
    const { broker, client } = await begun();
    const run = await runOf(broker);
    await append(broker, run, 'one');
    await client.send(['CONFIG', 'SET', 'maxmemory', '1mb']);
    onTestFinished(async () => {
      await using other = await server().client();
      await other.send(['CONFIG', 'SET', 'maxmemory', '0']);
    });
    await expect(append(broker, run, ' two')).rejects.toMatchObject({ ...failure, retryable: true });
    await expect(open(broker, 'b')).rejects.toMatchObject({ ...failure, retryable: true });
    expect(await bodies(broker)).toEqual({ a: 'one' });
    await client.send(['CONFIG', 'SET', 'maxmemory', '0']);
    expect(await append(broker, run, ' two')).toMatchObject({ ok: true, seq: 2 });
    expect(await bodies(broker)).toEqual({ a: 'one two' });
  });
});
