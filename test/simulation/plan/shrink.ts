/** Leaves out of a plan whatever is not needed for its failure. */

import type { Plan, Step } from './plan.js';

/** How many plans are tried at most. */
const maxRuns = 250;

/**
 * @param fails whether a plan fails in the same way
 * @returns a plan that fails, of which no single step can be left out, unless there were too many to try
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let runs = 0;
  let best = plan;
  const attempt = async (smaller: Plan): Promise<boolean> => {
    if (++runs > maxRuns || !(await fails(smaller))) return false;
    best = smaller;
    return true;
  };
  for (let size = Math.ceil(best.steps.length / 2); size >= 1 && runs <= maxRuns; ) {
    let hasShrunk = false;
    for (let at = 0; at < best.steps.length && runs <= maxRuns; ) {
      const left: Step[] = [...best.steps.slice(0, at), ...best.steps.slice(at + size)];
      if (await attempt({ ...best, steps: left })) hasShrunk = true;
      else at += size;
    }
    if (size === 1 && !hasShrunk) break;
    size = Math.max(1, Math.floor(size / 2));
  }
  // Clients stay in their places, since steps name them; one without channels does nothing.
  for (const [index, client] of best.clients.entries()) {
    if (client.channels.length === 0) continue;
    const idle = best.clients.map((one, n) => (n === index ? { ...one, channels: [] } : one));
    await attempt({ ...best, clients: idle });
  }
  const last = best.steps.at(-1)?.atMs ?? 0;
  if (last + 1_000 < best.activeMs) await attempt({ ...best, activeMs: last + 1_000 });
  return best;
}
