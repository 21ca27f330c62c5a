/**
 * Compare-and-set at three nodes under faults: one order of changes that fits all answers, and whoever watches ends with
 * the state. `npm run test:map-races` is the long form, with more faults and a broker that keeps its data, too.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { natsIsMissing } from '../support/brokers/nats-server.js';
import { redisIsMissing } from '../support/brokers/redis-server.js';
import { type ChaosBroker, natsChaos, redisChaos } from './chaos-broker.js';
import { MapRace } from './map-race.js';
import { SeededRandom } from './seeded-random.js';

const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
/** Of the long form. */
const rounds = Number(process.env.MAP_RACE_ROUNDS ?? 0);
/** Longer than a node waits for an answer of its broker. */
const blackHoleMs = 5_000;

type Fault = (race: MapRace, broker: ChaosBroker) => Promise<unknown>;

const kill: Fault = async ({ nodes, random }) => {
  const node = random.pick(nodes);
  await node.kill();
  await node.startAgain();
};

const restart: Fault = async (_, broker) => {
  await broker.kill();
  if (!broker.isPersistent) await broker.erase?.();
  await broker.startAgain();
};

const blackHole =
  (...directions: readonly ('toServer' | 'toClient')[]): Fault =>
  async ({ nodes, random }) => {
    const { way } = random.pick(nodes);
    for (const direction of directions) way.setFaults({ blackHole: true }, direction);
    await delay(blackHoleMs);
    way.setFaults({});
  };

const once: readonly Fault[] = [kill, restart, blackHole('toServer', 'toClient')];
const often: readonly Fault[] = [...once, blackHole('toServer'), blackHole('toClient'), kill];

async function raced(broker: ChaosBroker) {
  console.log(`CHAOS_SEED=${seed}`);
  await using race = await MapRace.start(broker, new SeededRandom(seed));
  await race.goesOn();
  const faults = rounds === 0 ? once : Array.from({ length: rounds }, () => often).flat();
  for (const fault of faults) {
    await fault(race, broker);
    await race.goesOn();
  }
  const outcome = await race.finish();
  const { racers } = race;
  const counts = { made: racers.count('made'), refused: racers.count('refused'), unknown: racers.count('unknown') };
  console.log(JSON.stringify({ ...counts, faults: faults.length }));
  return { ...outcome, ...counts };
}

const brokers = [
  { name: 'Redis', isMissing: redisIsMissing, start: redisChaos },
  { name: 'NATS', isMissing: natsIsMissing, start: natsChaos },
];

describe.each(brokers)('three nodes and $name', { timeout: 60_000 + rounds * 60_000 }, ({ isMissing, start }) => {
  test.skipIf(isMissing()).each(rounds === 0 ? ['without'] : ['without', 'with'])(
    'F1 F2 F4: changes that expect versions are linearizable, %s persistence',
    async (how) => {
      await using broker = await start({ isPersistent: how === 'with' });
      const { faults, state, views, refused } = await raced(broker);
      expect(faults).toEqual([]);
      for (const view of views) expect(view).toEqual(state);
      // They have been in each other's way.
      expect(refused).toBeGreaterThan(0);
    },
  );
});
