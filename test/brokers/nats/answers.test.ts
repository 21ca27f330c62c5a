/** Answers over a real NATS server: nodes that die or are cut off, restarts, and what somebody has deleted or written. */

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { channel as declared, fanfare } from 'fanfare';
import { nats } from 'fanfare/nats';
import { describe, expect, test, vi } from 'vitest';
import { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import { AnswerSubjects } from '../../../src/brokers/nats/journal/answers/answer-subjects.js';
import type { NatsOptions } from '../../../src/brokers/nats/options.js';
import type { AnswerChange, AnswerOutcome } from '../../../src/engine/ports/answer-store.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { textAddition } from '../../../src/model/answer-part.js';
import { SeededRandom } from '../../chaos/seeded-random.js';
import { answersIn, limits } from '../../support/brokers/answers.js';
import { NatsServer, natsIsMissing, oldNatsProgram } from '../../support/brokers/nats-server.js';
import { failure, json, ownPrefix, ports, shared, started } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import { FaultProxy } from '../../support/network/fault-proxy.js';

const room = channelName('room.1');
const { open, runOf, append, bodies, appendOverCuts } = answersIn(room);

describe.skipIf(natsIsMissing())('answers over nats', () => {
  const server = shared(NatsServer.start);
  const begun = (prefix: string, options: Partial<NatsOptions> = {}) =>
    started(new NatsBroker({ url: server().url, prefix, ...options }, ports));

  /** What a test does to the messages of a channel. */
  async function messages(prefix: string) {
    const connection = await server().connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const names = new AnswerSubjects(prefix);
    const [stream = ''] = await streams.names(names.all).next();
    return {
      names,
      subjects: async () =>
        Object.keys((await streams.info(stream, { subjects_filter: names.of(room) })).state.subjects ?? {}),
      purge: (filter: string) => streams.purge(stream, { filter }),
      write: (subject: string, text: string) => jetstream(connection).publish(subject, text),
      deleteStream: () => streams.delete(stream),
      [Symbol.asyncDispose]: () => connection.close(),
    };
  }

  test('a server that cannot store a change as a whole is refused at the start, with its version', async () => {
    await using old = await NatsServer.start({ program: oldNatsProgram });
    const app = fanfare({
      broker: nats(old.url),
      log: silentLogger,
      anonymous: true,
      channels: { 'chat:{id}': declared({ streams: {} }) },
    });
    await expect(app.listen(0)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/^streams over NATS need nats-server 2\.12\.2 or newer; this one is 2\.9\.\d+$/),
    });
    await app.close(100);
  });

  test('G1 G3 G6: appends over a connection that is lost again and again are made once, in their order', async () => {
    const prefix = ownPrefix();
    const steady = await begun(prefix);
    await using way = await FaultProxy.start({ port: server().port });
    const { broker } = await begun(prefix, { url: `nats://127.0.0.1:${way.port}` });
    const read = await appendOverCuts(steady, broker, way, { appends: 120, cutEvery: 40 });
    // A node that has not heard any of it.
    const { broker: late } = await begun(prefix);
    expect(await late.answers.get(room, 'a')).toEqual(read);
  });

  test.each(['file', 'memory'] as const)(
    'G4: nodes that write answers of one channel at the same time are in nobody’s way; stored in: %s',
    async (storage) => {
      const prefix = ownPrefix();
      const nodes = [await begun(prefix, { storage }), await begun(prefix), await begun(prefix)];
      for (const { broker } of nodes) await broker.subscribe(room);
      const texts = await Promise.all(
        nodes.map(async ({ broker }, node) => {
          const run = await runOf(broker, `of ${node}`);
          let whole = '';
          for (let n = 1; n <= 25; n++) {
            const text = `${node}.${n}é" `.repeat(n === 10 ? 3_000 : 1);
            whole += textAddition(text).body;
            expect(await append(broker, run, text, `of ${node}`, n)).toMatchObject({ ok: true, duplicate: false });
          }
          return [`of ${node}`, whole] as const;
        }),
      );
      const late = await begun(prefix);
      for (const { broker } of [...nodes, late]) expect(await bodies(broker)).toEqual(Object.fromEntries(texts));
      for (const { broker, events } of nodes) {
        await broker.probe();
        expect(events.offsets(room)).toEqual(Array.from({ length: 78 }, (_, n) => n + 1));
      }
    },
  );

  test('what is kept of an answer goes with it', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    const run = await runOf(broker);
    for (let n = 0; n < 40; n++) await append(broker, run, 'é'.repeat(1_000));
    expect(await bodies(await begun(prefix).then((one) => one.broker))).toEqual({ a: 'é'.repeat(40_000) });
    await broker.answers.change(room, { kind: 'end', id: 'a', run, state: 'closed', result: json(1) }, limits);
    await using kept = await messages(prefix);
    const ofAnswer = kept.names.head(room, 1).slice(0, -1);
    expect((await kept.subjects()).filter((subject) => subject.startsWith(ofAnswer)).length).toBeGreaterThan(4);
    await broker.answers.history.remove(room);
    const { top, publications } = await broker.answers.history.read(room, { limit: 10, reverse: false });
    expect([top.offset, publications]).toEqual([42, []]);
    await vi.waitFor(
      async () => expect((await kept.subjects()).filter((subject) => subject.startsWith(ofAnswer))).toEqual([]),
      { timeout: 20_000, interval: 100 },
    );
  });

  test('the answer of a node that is gone is interrupted by another that has subscribers, once', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    const others = [await begun(prefix), await begun(prefix)];
    for (const other of others) await other.broker.subscribe(room);
    const soon = { ...limits, silenceMs: 1_000 };
    await broker.answers.change(room, { kind: 'open', id: 'a', content: 'text' }, soon);
    await broker.close();
    for (const { events } of others) {
      await events.until(() => events.publications(room).length === 2);
      expect(events.publications(room)[1]?.publication).toMatchObject({ offset: 2, part: { state: 'interrupted' } });
    }
  });

  test('random changes at two nodes come to the same as in memory', async () => {
    const random = new SeededRandom(1);
    const prefix = ownPrefix();
    const nodes = [await begun(prefix), await begun(prefix)];
    const { broker: memory } = await started(new MemoryBroker(ports));
    const narrow = { ...limits, size: 4, maxLength: 60 };
    const runs = new Map<string, number>();
    const step = (): AnswerChange => {
      const id = `answer ${random.below(7)}`;
      const content = id.endsWith('3') ? 'items' : 'text';
      const run = (runs.get(id) ?? 1) - (random.below(8) === 0 ? 1 : 0);
      const seq = random.below(2) === 0 ? undefined : random.below(4);
      switch (random.below(10)) {
        case 0:
        case 1:
        case 2:
          return { kind: 'open', id, content, meta: json(id), ...(seq === 3 && { run }) };
        case 3:
          return { ...{ kind: 'end', id, run, seq, state: random.pick(['closed', 'failed']) }, result: json('\n') };
        case 4:
          return { kind: 'cancel', id };
        case 5:
          return { kind: 'renew', id, run };
        default:
          return { kind: 'append', id, run, seq, ...(content === 'items' ? { body: '[1]', length: 1 } : word) };
      }
    };
    const word = { body: 'word ', length: 5 };
    const known = (outcome: AnswerOutcome) =>
      outcome.ok ? { ...outcome, position: outcome.position.offset } : outcome;
    for (let n = 0; n < 120; n++) {
      const one = step();
      const { broker } = random.pick(nodes);
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
      { limit: 100, since: { offset: 40 }, reverse: false },
    ]) {
      const expected = await memory.answers.history.read(room, query);
      for (const { broker } of [...nodes, await begun(prefix)]) {
        const page = await broker.answers.history.read(room, query);
        expect([page.publications, page.continuous]).toEqual([expected.publications, expected.continuous]);
      }
    }
  });

  test('G5: a restart from disk begins a new epoch: what has ended stays, what has not is interrupted', async () => {
    await using other = await NatsServer.start();
    const { broker, events } = await started(new NatsBroker(other.url, ports));
    await broker.subscribe(room);
    const run = await runOf(broker);
    await append(broker, run, 'so far');
    const ended = await runOf(broker, 'b');
    await append(broker, ended, 'all', 'b');
    await broker.answers.change(room, { kind: 'end', id: 'b', run: ended, state: 'closed' }, limits);
    const before = (await broker.answers.history.read(room, { limit: 0, reverse: false })).top;
    await other.startAgain();
    await vi.waitFor(() => expect(events.interruptions).not.toEqual([]), 15_000);
    const page = await broker.answers.history.read(room, { limit: 10, since: before, reverse: false });
    expect([page.continuous, page.top.epoch === before.epoch]).toEqual([false, false]);
    expect(await broker.answers.get(room, 'b')).toMatchObject({ state: 'closed', part: { body: 'all' } });
    expect(await broker.answers.get(room, 'a')).toMatchObject({ state: 'interrupted', part: { body: 'so far' } });
    // Its producer may know of more than the disk.
    expect(await append(broker, run, 'late')).toMatchObject({ ok: false, why: 'fenced' });
    const again = await runOf(broker);
    expect(again).toBeGreaterThan(before.offset + 1_000);
    await append(broker, again, ' and on');
    expect(await bodies(broker)).toEqual({ a: 'so far and on', b: 'all' });
  });

  test('G5: a stream that somebody deletes is made again, empty and in a new epoch', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    const run = await runOf(broker);
    const before = (await broker.answers.history.read(room, { limit: 0, reverse: false })).top;
    await using kept = await messages(prefix);
    await kept.deleteStream();
    await vi.waitFor(async () => expect(await bodies(broker)).toEqual({}), 15_000);
    expect((await broker.answers.history.read(room, { limit: 0, reverse: false })).top.epoch).not.toBe(before.epoch);
    expect(await append(broker, run, 'late')).toMatchObject({ ok: false, why: 'absent' });
  });

  test.each([
    ['entries', (names: AnswerSubjects) => names.entries(room)],
    ['a head', (names: AnswerSubjects) => names.head(room, 1)],
    ['a piece', (names: AnswerSubjects) => names.piece(room, 1, 0)],
  ])('G5: %s that somebody deletes: the channel begins again, in a new epoch', async (_, subjectOf) => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    const run = await runOf(broker);
    for (let n = 0; n < 30; n++) await append(broker, run, 'x');
    const before = (await broker.answers.history.read(room, { limit: 0, reverse: false })).top;
    await using kept = await messages(prefix);
    await kept.purge(subjectOf(kept.names));
    const { broker: late } = await begun(prefix);
    expect(await bodies(late)).toEqual({});
    const { top } = await late.answers.history.read(room, { limit: 0, reverse: false });
    expect(top.epoch).not.toBe(before.epoch);
    // The node that knew them is told, too.
    expect(await bodies(broker)).toEqual({});
    expect(await append(broker, run, 'late')).toMatchObject({ ok: false, why: 'absent' });
    await append(broker, await runOf(broker), 'anew');
    expect(await bodies(late)).toEqual({ a: 'anew' });
  });

  test('a message that no node has written is an error until the history is removed', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    await runOf(broker);
    await using kept = await messages(prefix);
    await kept.write(kept.names.entry(room, 9), 'not an entry');
    const broken = { code: 'ERR_HISTORY_BROKEN', retryable: false };
    await expect(bodies(broker)).rejects.toMatchObject(broken);
    await broker.answers.history.remove(room);
    expect(await bodies(broker)).toEqual({});
    expect((await open(broker)).ok).toBe(true);
  });

  test('F15 G7: while the stream is full an append is refused, and changes nothing', async () => {
    const prefix = ownPrefix();
    const { broker } = await begun(prefix);
    const run = await runOf(broker);
    await append(broker, run, 'one');
    const connection = await server().connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const [name = ''] = await streams.names(new AnswerSubjects(prefix).all).next();
    const { state } = await streams.info(name);
    await streams.update(name, { max_bytes: state.bytes });
    await expect(append(broker, run, ' two')).rejects.toMatchObject({ ...failure, retryable: true });
    expect(await bodies(broker)).toEqual({ a: 'one' });
    await streams.update(name, { max_bytes: -1 });
    expect(await append(broker, run, ' two')).toMatchObject({ ok: true, seq: 2 });
    expect(await bodies(broker)).toEqual({ a: 'one two' });
    await connection.close();
  });
});
