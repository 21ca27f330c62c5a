// @ts-check
/** One channel with presence that sends joins and leaves to all subscribers: many clients join, then half leave. */
import { expectExact } from '../pair.mjs';

/**
 * @param {{ members: number, quickMembers: number }} load
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function presence({ members, quickMembers }) {
  return async (pair, quick) => {
    const count = quick ? quickMembers : members;
    const stay = count / 2;
    await pair.start({ presence: true });
    const moves = async (/** @type {number} */ total, /** @type {() => Promise<unknown>} */ move) => {
      await pair.load('begin', { moves: true, total });
      return pair.measured(async () => {
        const moved = move();
        await moved;
        /** @type {import('../pair.mjs').RunResult} */
        const result = await pair.load('result');
        expectExact(result);
        return result;
      });
    };
    // Each sees its own join and those of all later ones.
    const joins = await moves((count * (count + 1)) / 2, () => pair.open({ count, inFlight: 50 }));
    const leaves = await moves(stay * (count - stay), () => pair.load('drop', { count: count - stay }));
    await pair.load('check');
    return { figures: { joinsSec: joins.cpuUs / 1e6, leavesSec: leaves.cpuUs / 1e6 }, use: joins };
  };
}
