/** Two nodes under 200 publications a second, whatever becomes of those before, while something happens to their broker. */

import { expect, onTestFinished, vi } from 'vitest';
import { ObservedFleet } from './observed-fleet.js';

const perSecond = 200;
/** G10; most are much faster. */
export const readyLimitMs = 15_000;

/** A follower at each node. The fleet ends with the test. */
export async function underLoad(address: string, channels: readonly string[], more: object = {}) {
  const fleet = await ObservedFleet.start(address, more);
  onTestFinished(() => fleet[Symbol.asyncDispose]());
  for (const node of [0, 1]) await fleet.follow(`on ${node}`, node, channels);
  const readyIs = (status: number) =>
    vi.waitFor(
      async () => expect([await fleet.status(0, 'ready'), await fleet.status(1, 'ready')]).toEqual([status, status]),
      readyLimitMs,
    );
  await readyIs(200);
  const beganMs = performance.now();
  const { flows, numSent } = fleet.steadyFlows(channels, perSecond);
  const goOn = async () => {
    for (const flow of flows) await fleet.goesOn(flow, 20_000);
  };
  await goOn();
  return {
    fleet,
    readyIs,
    goOn,
    numDone: () => flows.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0),
    /** Also judges that what was sent is what was meant to be. */
    judged: async () => {
      expect((numSent() * 1_000) / (performance.now() - beganMs)).toBeGreaterThan(0.95 * perSecond);
      await fleet.judged();
    },
  };
}
