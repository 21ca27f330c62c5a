/** One fault after another on one fleet, each followed by looking whether everybody is well; says how it goes. */

import type { ChaosBroker } from './chaos-broker.js';
import type { ChaosFault } from './chaos-faults.js';
import { ChaosWorld, type WorldOptions } from './chaos-world.js';
import type { HistoryEvent, Violation } from './history.js';
import type { SeededRandom } from './seeded-random.js';

export interface FaultOutcome {
  readonly fault: string;
  readonly detail: string;
  readonly kills: number;
  /** Until everybody had everything again, after the fault had ended. */
  readonly settledMs: number;
  /** Of the run so far. */
  readonly deliveries: number;
  readonly violations: number;
  /** Since the fault before. */
  readonly newViolations: readonly Violation[];
}

export interface RunOutcome {
  readonly broker: string;
  readonly isPersistent: boolean;
  readonly faults: readonly FaultOutcome[];
  readonly kills: number;
  readonly published: number;
  readonly acknowledged: number;
  readonly delivered: number;
  /** Longest that a client of a killed node took to be connected elsewhere. */
  readonly longestAwayMs: number;
  /** Longest that a node took to refuse a publication, and how many it never answered. */
  readonly slowestRefusalMs: number;
  readonly unanswered: number;
  /** Times that a node could not be started, on a machine that was too busy perhaps, and was once more. */
  readonly failedStarts: number;
  /** Time that does not count, because this machine had none for the observers. */
  readonly stalledMs: number;
  readonly violations: readonly Violation[];
  /** Nodes that ended by themselves, with what they said. */
  readonly crashes: readonly string[];
  /** With violations: what happened last. */
  readonly trace: readonly HistoryEvent[];
  /** With violations: what the nodes and the broker said. */
  readonly logs: readonly string[];
}

export interface RunPlan {
  readonly world: WorldOptions;
  readonly faults: readonly ChaosFault[];
  readonly random: SeededRandom;
  readonly onFault?: (outcome: FaultOutcome) => void;
}

export async function runChaos(
  broker: ChaosBroker,
  { world: options, faults, random, onFault }: RunPlan,
): Promise<RunOutcome> {
  await using world = await ChaosWorld.start(broker, random, options);
  const { checker } = world;
  await world.untilSettled();
  const outcomes: FaultOutcome[] = [];
  const crashes: string[] = [];
  for (const fault of faults) {
    if (fault.fits?.(broker) === false) continue;
    const detail = await fault.run(world);
    const settledMs = await world.untilSettled();
    for (const node of world.nodes) {
      if (!node.hasCrashed) continue;
      crashes.push(`${node.name}: ${node.log.slice(-4_000)}`);
      await node.startAgain();
    }
    const outcome = {
      fault: fault.name,
      detail,
      kills: fault.kills,
      settledMs: Math.round(settledMs),
      deliveries: checker.numDelivered,
      violations: checker.violations.length,
      newViolations: checker.violations.slice(outcomes.at(-1)?.violations ?? 0),
    };
    outcomes.push(outcome);
    onFault?.(outcome);
  }
  await world.finish();
  const isWrong = checker.violations.length > 0;
  return {
    broker: broker.name,
    isPersistent: broker.isPersistent,
    faults: outcomes,
    kills: outcomes.reduce((sum, { kills }) => sum + kills, 0),
    published: checker.numPublished,
    acknowledged: checker.numAcknowledged,
    delivered: checker.numDelivered,
    longestAwayMs: Math.round(checker.longestAwayMs),
    slowestRefusalMs: Math.round(world.publishers.slowestRefusalMs),
    unanswered: world.publishers.numUnanswered,
    failedStarts: world.nodes.reduce((sum, { numFailedStarts }) => sum + numFailedStarts, 0),
    stalledMs: Math.round(world.stalledMs),
    violations: checker.violations,
    crashes,
    trace: isWrong ? world.trace : [],
    logs: isWrong ? logsOf(world, broker) : [],
  };
}

function logsOf({ nodes }: ChaosWorld, { name, output }: ChaosBroker): string[] {
  return [...nodes.map(({ name, log }) => `${name}\n${log}`), `${name}\n${output}`];
}
