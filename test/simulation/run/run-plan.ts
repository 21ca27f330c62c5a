/** Runs plans, and shrinks one that fails. */

import { makePlan, type Plan, type PlanOptions } from '../plan/plan.js';
import { shrink } from '../plan/shrink.js';
import { type Failure, type Outcome, SimWorld } from '../world/sim-world.js';

/** What a run comes to, without its time line. */
export interface Result extends Omit<Outcome, 'timeline'> {
  readonly seed: number;
}

export async function runSeed(options: PlanOptions): Promise<Result> {
  const { timeline: _, ...rest } = await SimWorld.run(makePlan(options));
  return { seed: options.seed, ...rest };
}

/** The smallest plan that fails in the same way, and how it went. */
export async function explain(
  plan: Plan,
  failure: Failure,
): Promise<{ readonly plan: Plan; readonly outcome: Outcome }> {
  const small = await shrink(plan, async (smaller) => (await SimWorld.run(smaller)).failure?.line === failure.line);
  return { plan: small, outcome: await SimWorld.run(small) };
}
