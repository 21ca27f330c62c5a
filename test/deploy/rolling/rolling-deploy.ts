/** F12: the nodes of a fleet under load are replaced one by one. */

import type { Leave } from '../fleet.js';
import { type LoadOptions, type LoadOutcome, runUnderLoad, type UnderLoad } from './load.js';
import type { SwarmMoves } from './swarm.js';

/** One node's turn. */
export interface Replacement extends SwarmMoves {
  /** By the clock of the wall. */
  readonly beganMs: number;
  readonly leave: Leave;
  /** How many clients there were at the begin and at the end. */
  readonly connected: readonly [before: number, after: number];
  /** From the signal on, until the new node was there and everyone back. */
  readonly tookMs: number;
}

export interface RollingOutcome extends LoadOutcome {
  readonly replacements: readonly Replacement[];
}

export async function runRollingDeploy(options: LoadOptions): Promise<RollingOutcome> {
  const { done: replacements, ...outcome } = await runUnderLoad(options, async (load) => {
    const all: Replacement[] = [];
    for (const index of [0, 1, 2]) {
      if (index > 0) await load.calm();
      all.push(await load.step(`node ${index + 1} is replaced`, () => replace(load, index)));
    }
    return all;
  });
  return { ...outcome, replacements };
}

async function replace({ fleet, swarm, allBack }: UnderLoad, index: number): Promise<Replacement> {
  const before = await swarm.figures();
  const beganMs = Date.now();
  const leave = await fleet.stop(index);
  await fleet.startAgain(index);
  await allBack();
  const tookMs = Date.now() - beganMs;
  const after = await swarm.figures();
  return { ...(await swarm.moves()), beganMs, leave, connected: [before.connected, after.connected], tookMs };
}

/** Most within any second, wherever it begins. Times are in order. */
export function mostPerSec(timesMs: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, atMs] of timesMs.entries()) {
    while ((timesMs[first] ?? atMs) <= atMs - 1_000) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
