/**
 * Random stories of a map over a real server: two nodes set, remove and let end keys, one of them loses its connection again and
 * again, and readers take page after page meanwhile. What a reader has read, and the changes after it, is the state at
 * each later offset.
 */

import { describe, expect, test } from 'vitest';
import { NatsBroker } from '../../src/brokers/nats/broker.js';
import { RedisBroker } from '../../src/brokers/redis/broker.js';
import type { Broker } from '../../src/engine/ports/broker.js';
import { payloadValue } from '../../src/model/payload.js';
import type { Publication } from '../../src/model/publication.js';
import { SeededRandom } from '../chaos/seeded-random.js';
import { NatsServer, natsIsMissing } from '../support/brokers/nats-server.js';
import { RedisServer, redis7, redisIsMissing, valkey } from '../support/brokers/redis-server.js';
import { json, ownPrefix, ports, shared, started } from '../support/brokers/suites.js';
import { channelName } from '../support/engine/channel-name.js';
import { FaultProxy } from '../support/network/fault-proxy.js';

const channel = channelName('map:1');
const limits = { stream: { size: 10_000, ttlMs: 600_000 }, maxKeys: 12 };

type Node = Required<Pick<Broker, 'maps' | 'mapChanges'>>;

/** Of a node that is to notice soon that it is cut off, and of one that must not be, however busy the machine is. */
const [shakyMs, steadyMs] = [1_000, 10_000];

const overRedis = (port: number, prefix: string, timeoutMs: number) =>
  new RedisBroker({ url: `redis://127.0.0.1:${port}`, prefix, timeoutMs }, ports);

const kinds = [
  {
    kind: 'NATS',
    isMissing: natsIsMissing,
    start: () => NatsServer.start(),
    make: (port: number, prefix: string, timeoutMs: number) =>
      new NatsBroker({ url: `nats://127.0.0.1:${port}`, prefix, timeoutMs }, ports),
  },
  { kind: 'Redis', isMissing: () => redisIsMissing(redis7), start: () => RedisServer.start(), make: overRedis },
  { kind: 'Valkey', isMissing: () => redisIsMissing(valkey), start: () => RedisServer.start(valkey), make: overRedis },
];
type State = ReadonlyMap<string, unknown>;

interface Snapshot {
  readonly state: State;
  /** Changes after it lead from the state on. */
  readonly offset: number;
  /** The state is complete with the changes up to here. */
  readonly until: number;
}

function applied(state: State, { key = '', data, removed }: Publication): State {
  const next = new Map(state);
  if (removed === true) next.delete(key);
  else next.set(key, payloadValue(data));
  return next;
}

async function snapshot({ maps }: Node, limit: number): Promise<Snapshot> {
  const state = new Map<string, unknown>();
  let start: number | undefined;
  for (let after = 0; ; ) {
    const page = await maps.page(channel, { after, limit, ...(start !== undefined && { upTo: start }) });
    start ??= page.top.offset;
    for (const { key = '', data } of page.state.entries) state.set(key, payloadValue(data));
    if (page.next === 0) return { state, offset: start, until: page.top.offset };
    after = page.next;
  }
}

/** Ends all the same when its node is cut off. */
async function tolerant<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_BROKER' });
    return undefined;
  }
}

describe.each(kinds)('stories of a map over $kind', { timeout: 180_000 }, ({ isMissing, start, make }) => {
  if (isMissing()) return test.skip('its program is missing');
  const server = shared<NatsServer | RedisServer>(start);

  test.each([1, 2, 3])('G1 G2: state and changes are the state at every moment, seed %i', async (seed) => {
    const random = new SeededRandom(seed);
    const prefix = ownPrefix();
    await using way = await FaultProxy.start({ port: server().port });
    const steady = await started(make(server().port, prefix, steadyMs));
    const shaky = await started(make(way.port, prefix, shakyMs));
    const nodes = [steady.broker, shaky.broker] as const;
    await steady.broker.subscribe(channel);
    const snapshots: Snapshot[] = [];
    let value = 0;
    const step = async () => {
      const node = random.pick(nodes);
      const key = `k${random.below(16)}`;
      switch (random.below(10)) {
        case 0:
        case 1: {
          const read = await tolerant(snapshot(node, 1 + random.below(4)));
          if (read !== undefined) snapshots.push(read);
          break;
        }
        case 2:
        case 3:
          await tolerant(node.maps.remove(channel, { key, data: json(null) }, { limits }));
          break;
        case 4:
          await tolerant(
            node.maps.set(channel, { key, data: json(++value) }, { limits, ttlMs: 1 + random.below(300) }),
          );
          break;
        case 5:
          if (random.below(4) === 0) {
            await way.cut();
            way.restore();
          }
          break;
        default:
          await tolerant(node.maps.set(channel, { key, data: json(++value) }, { limits }));
      }
    };
    const walk = async () => {
      for (let n = 0; n < 120; n++) await step();
    };
    await Promise.all([walk(), walk(), walk()]);
    await tolerant(snapshot(steady.broker, 3)).then((last) => last && snapshots.push(last));
    const { publications, top } = await steady.broker.mapChanges.read(channel, { limit: 10_000, reverse: false });
    expect(publications.map(({ offset }) => offset)).toEqual(publications.map((_, n) => n + 1));
    expect(publications).toHaveLength(top.offset);
    const states: State[] = [new Map()];
    for (const change of publications) states.push(applied(states.at(-1) ?? new Map(), change));
    expect(snapshots.length).toBeGreaterThan(5);
    for (const { state, offset, until } of snapshots) {
      let current = state;
      for (let at = offset; at <= top.offset; at++) {
        const change = publications[at - 1];
        if (at > offset && change !== undefined) current = applied(current, change);
        if (at >= until) expect(current).toEqual(states[at]);
      }
    }
    // Each change that a key's end has made was one of a key that was there, and none took place for too many.
    for (const [n, { key = '', removed }] of publications.entries()) {
      if (removed === true) expect(states[n]?.has(key)).toBe(true);
      expect(states[n + 1]?.size).toBeLessThanOrEqual(limits.maxKeys);
    }
    await steady.broker.probe();
    // Keys may have ended since.
    const heard = steady.events.publications(channel).slice(0, publications.length);
    expect(heard.map(({ publication }) => publication)).toEqual(publications);
  });
});
