/**
 * G1 G2 G3 G4 G5 G6 G7 G8 G9 G10 G11 G12, F1 F2 F4 F5 F6 F8 F9 F10 F12 F13 F19 F20: fleets of real nodes and real clients on
 * virtual time. Some seeds of each broker; `npm run simulate -- --seeds 2000` runs many. Each file in `found/` is a plan
 * that has failed once.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Presence } from '../../src/engine/fanout/presence.js';
import { makePlan, type Plan } from './plan/plan.js';
import { shrink } from './plan/shrink.js';
import { planText } from './plan/words.js';
import { brokerKinds } from './servers/broker-server.js';
import { SimWorld } from './world/sim-world.js';

const seedsOfEach = 3;
/** A run that is given up goes on, with the globals that the next one needs: no machine is too slow. */
const timeout = 600_000;
const folder = join(import.meta.dirname, 'found');
const found = existsSync(folder) ? readdirSync(folder) : [];

async function holds(plan: Plan): Promise<void> {
  const { failure, timeline } = await SimWorld.run(plan);
  if (failure === undefined) return;
  expect.fail(`${failure.line}: ${failure.text}\n${planText(plan)}\n${timeline.text()}`);
}

afterEach(() => vi.restoreAllMocks());

describe.each(brokerKinds)('a fleet over %s', { timeout }, (broker) => {
  test('keeps what is promised, whatever happens', async () => {
    for (let seed = 1; seed <= seedsOfEach; seed++) await holds(makePlan({ seed, broker }));
  });
});

test('plans that have failed once hold', { timeout }, async () => {
  // safe: written by runs that have failed
  for (const name of found) await holds(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Plan);
});

describe('a run', { timeout }, () => {
  test.each(brokerKinds)('is the same each time, over %s', async (broker) => {
    const plan = makePlan({ seed: 21, broker });
    const [one, other] = [await SimWorld.run(plan), await SimWorld.run(plan)];
    expect(other.timeline.digest()).toBe(one.timeline.digest());
    expect(other.numSteps).toBe(one.numSteps);
  });

  test('that fails is told by a plan from which nothing can be left out', async () => {
    const plan = makePlan({ seed: 3, broker: 'redis' });
    const one = plan.steps.find(({ action }) => action.kind === 'publish');
    const small = await shrink(plan, async ({ steps }) => steps.some((step) => step === one));
    expect(small.steps).toEqual([one]);
  });
});

describe('the simulation bites', { timeout }, () => {
  test('a node that leaves those in presence who have left is found', async () => {
    vi.spyOn(Presence.prototype, 'left').mockImplementation(() => undefined);
    for (let seed = 1; ; seed++) {
      if (seed > 40) expect.fail('not within 40 seeds');
      if ((await SimWorld.run(makePlan({ seed, broker: 'memory' }))).failure !== undefined) return;
    }
  });
});
