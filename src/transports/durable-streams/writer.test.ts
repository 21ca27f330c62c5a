/**
 * Writers of two nodes on one broker, whose calls fail before and after they have had their effect: what was acknowledged is
 * there, once, in the order of its producer, and nothing comes behind the end.
 */

import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { MemoryBroker } from '../../brokers/memory/broker.js';
import { channel } from '../../engine/channels/channel-options.js';
import type { Publishing } from '../../engine/channels/publishing.js';
import { ChannelRules } from '../../engine/channels/rules.js';
import { silentLogger } from '../../engine/ports/logger.js';
import type { MapStore } from '../../engine/ports/map-store.js';
import { payloadText } from '../../model/payload.js';
import { type AccessPorts, Visitor } from './access.js';
import { PendingData } from './pending-data.js';
import { PendingParts } from './pending-parts.js';
import { StreamChanges } from './stream-changes.js';
import type { WriteRequest } from './stream-request.js';
import { StreamStates } from './stream-state.js';
import { findStream } from './target.js';
import { StreamWriter } from './writer.js';

const name = channelName('log:1');
const plain: WriteRequest = {
  contentType: 'application/json',
  closes: false,
  seq: undefined,
  producer: undefined,
  lifetime: {},
  isFork: false,
};

/** A backend, which may do everything and asks nobody. */
const backend = new Visitor(undefined, {} as AccessPorts, undefined);

type Fate = 'works' | 'fails' | 'fails afterwards';

class World {
  readonly clock = new FakeClock();
  readonly random = countingRandom();
  readonly broker = new MemoryBroker({ clock: this.clock, random: this.random });
  /** Of the next calls that change something. */
  fates: Fate[] = [];
  readonly target;
  readonly writers: readonly StreamWriter[];

  constructor() {
    const declared = { 'log:{id}': channel({ history: { size: 10_000, ttl: '1h' }, publish: 'anyone' }) };
    const rules = new ChannelRules(declared, this.broker, { maxMessageBytes: 100_000 });
    const target = findStream({ match: (one) => rules.match(one) }, name);
    assert.ok('place' in target);
    this.target = target;
    const { maps: inner } = this.broker;
    const maps: MapStore = {
      set: (...call) => this.#doing(() => inner.set(...call)),
      remove: (...call) => this.#doing(() => inner.remove(...call)),
      get: (...call) => inner.get(...call),
      page: (...call) => inner.page(...call),
    };
    const { clock, random, broker: history } = this;
    const publishing: Pick<Publishing, 'publish'> = {
      publish: (channel, { stream }, data, { idempotencyKey }) =>
        this.#doing(() => history.publish(channel, { data }, { stream, idempotencyKey })),
    };
    this.writers = [0, 1].map(() => {
      const states = new StreamStates(maps);
      const pending = new PendingData({ parts: new PendingParts(maps, random), history, publishing, clock });
      const changes = new StreamChanges({ states, pending, history, log: silentLogger });
      return new StreamWriter({ changes, states, history, clock, random, log: silentLogger });
    });
  }

  async #doing<Result>(run: () => Promise<Result>): Promise<Result> {
    const fate = this.fates.shift() ?? 'works';
    if (fate === 'fails') throw new Error('not done');
    const result = await run();
    if (fate === 'fails afterwards') throw new Error('done, and nobody knows');
    return result;
  }

  writer(index: number): StreamWriter {
    const writer = this.writers[index % this.writers.length];
    assert.ok(writer);
    return writer;
  }

  append(writer: number, request: Partial<WriteRequest>, body: unknown): Promise<{ readonly status: number }> {
    const bytes = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body));
    return this.writer(writer).append(this.target, { ...plain, ...request }, bytes, backend);
  }

  async create(): Promise<{ readonly status: number }> {
    await this.broker.start({ onPublication() {}, onJoin() {}, onLeave() {} });
    return this.writer(0).create(this.target, plain, new Uint8Array(), backend);
  }

  async values(): Promise<unknown[]> {
    const { publications } = await this.broker.read(name, { limit: 10_000, reverse: false });
    return publications.map(({ data }) => JSON.parse(payloadText(data)));
  }
}

describe('G1 G6: appends of producers', () => {
  const action = fc.record({
    producer: fc.nat({ max: 2 }),
    writer: fc.nat({ max: 1 }),
    length: fc.integer({ min: 1, max: 4 }),
  });
  const fates = fc.array(fc.constantFrom<Fate>('works', 'works', 'fails', 'fails afterwards'), { maxLength: 40 });

  test('that are tried until they are acknowledged are there once, in order', () =>
    fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), fates, async (actions, chosen) => {
        const world = new World();
        expect((await world.create()).status).toBe(201);
        world.fates = [...chosen];
        const sent = [0, 1, 2].map((): string[] => []);
        const seqs = [0, 0, 0];
        const run = async (producer: number, writer: number, length: number) => {
          const seq = seqs[producer] ?? 0;
          seqs[producer] = seq + 1;
          const body = Array.from({ length }, (_, n) => `${producer}.${seq}.${n}`);
          sent[producer]?.push(...body);
          for (let tries = 0; ; tries++) {
            try {
              const { status } = await world.append(
                writer + tries,
                { producer: { id: `${producer}`, epoch: 0, seq } },
                body,
              );
              assert.ok(status === 200 || status === 204, `status ${status}`);
              return;
            } catch (error) {
              assert.match(String(error), /done/);
            }
          }
        };
        // The three write at the same time, each one after the other.
        await Promise.all(
          sent.map(async (_, own) => {
            for (const { producer, writer, length } of actions) if (producer === own) await run(own, writer, length);
          }),
        );
        const values = await world.values();
        for (const [producer, all] of sent.entries()) {
          expect(values.filter((value) => String(value).startsWith(`${producer}.`))).toEqual(all);
        }
      }),
      { numRuns: 150 },
    ));

  test('nothing comes behind the end, whoever appends while it is closed', () =>
    fc.assert(
      fc.asyncProperty(fates, fc.integer({ min: 0, max: 6 }), async (chosen, before) => {
        const world = new World();
        await world.create();
        world.fates = [...chosen];
        const append = (n: number) => world.append(n, {}, n).catch(() => ({ status: 0 }));
        const close = async () => {
          for (let tries = 0; ; tries++) {
            const closed = await world.append(tries, { closes: true }, undefined).catch(() => undefined);
            if (closed !== undefined) return closed.status;
          }
        };
        const all = Array.from({ length: before + 4 }, (_, n) => n);
        const outcomes = await Promise.all([
          ...all.slice(0, before).map(append),
          close(),
          ...all.slice(before).map(append),
        ]);
        world.fates = [];
        // Whoever comes next does what was decided.
        expect((await world.append(1, {}, 'late')).status).toBe(409);
        const values = await world.values();
        expect(values).not.toContain('late');
        expect(new Set(values).size).toBe(values.length);
        const count = values.length;
        expect((await world.append(0, { closes: true }, undefined)).status).toBe(204);
        expect((await world.values()).length).toBe(count);
        expect(outcomes.length).toBe(all.length + 1);
      }),
      { numRuns: 100 },
    ));
});

test('what was decided by a node that died is appended once, also long afterwards', async () => {
  for (const numThere of [0, 1, 2]) {
    const world = new World();
    await world.create();
    await world.append(0, {}, ['a', 'b']);
    // The state is replaced, and then the node dies, before or after it has published.
    world.fates = ['works', ...Array.from({ length: numThere }, () => 'works' as const), 'fails', 'fails'];
    await world.append(0, {}, ['c', 'd']).catch(() => undefined);
    await world.clock.settle();
    world.fates = [];
    await world.clock.advance(1_000_000);
    expect((await world.append(1, {}, 'e')).status).toBe(204);
    expect(await world.values()).toEqual(['a', 'b', 'c', 'd', 'e']);
  }
});

test('long data is beside the state, and goes with it', async () => {
  const world = new World();
  await world.create();
  const long = Array.from({ length: 20 }, (_, n) => `${n}`.repeat(40_000).slice(0, 40_000));
  await world.append(0, {}, long);
  await world.append(1, {}, 'end');
  await world.clock.settle();
  expect(await world.values()).toEqual([...long, 'end']);
  const { state } = await world.broker.maps.page(world.target.place, { after: 0, limit: 100 });
  expect(state.entries.map(({ key }) => key)).toEqual(['stream']);
});
