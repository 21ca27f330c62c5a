/**
 * `npm run simulate`: runs one plan, or many seeds in several processes; explains what fails. In a worker process it
 * runs the seeds that it is sent.
 */

import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makePlan, type Plan, type PlanOptions } from '../plan/plan.js';
import { planText } from '../plan/words.js';
import { type BrokerKind, brokerKinds } from '../servers/broker-server.js';
import { SimWorld } from '../world/sim-world.js';
import { explain, type Result, runSeed } from './run-plan.js';

const usage = `npm run simulate -- [options]
  --seed N           one run, by default that of seed 1
  --seeds N          so many seeds, from --from on
  --from N           the first of them; default 1
  --broker KIND      ${brokerKinds.join(', ')}; default: by the seed
  --nodes N          default: by the seed, 2 or 3
  --minutes N        of virtual time under faults; default: by the seed, up to half a minute
  --plan FILE        a plan that was written by a run that has failed
  --within N         begin none of many seeds after so many seconds
  --workers N        processes for many seeds; default: one for each core
  --failures N       stop after so many; default 3
  --no-shrink        do not look for the smallest plan that fails`;

const { values: given } = parseArgs({
  allowNegative: true,
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    broker: { type: 'string' },
    nodes: { type: 'string' },
    minutes: { type: 'string' },
    plan: { type: 'string' },
    within: { type: 'string' },
    workers: { type: 'string' },
    failures: { type: 'string', default: '3' },
    shrink: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
    worker: { type: 'boolean', default: false },
  },
});

/** How a seed is run, whatever it is. */
const common: Omit<PlanOptions, 'seed'> = {
  broker: brokerOf(given.broker),
  numNodes: given.nodes === undefined ? undefined : wholeOf('nodes', given.nodes),
  activeMs: given.minutes === undefined ? undefined : Number(given.minutes) * 60_000,
};
/** Real time, before anybody replaces it. */
const now = performance.now.bind(performance);
const folder = join(dirname(fileURLToPath(import.meta.url)), 'failures');
/** Seeds that a worker gets at a time. */
const batchSize = 4;

if (given.help) console.log(usage);
else if (given.worker) serve();
else process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  if (given.seeds !== undefined) return runMany(wholeOf('seeds', given.seeds));
  // safe: whoever gives a file of another form is told so by what fails
  const plan =
    given.plan === undefined
      ? makePlan({ seed: wholeOf('seed', given.seed), ...common })
      : (JSON.parse(readFileSync(given.plan, 'utf8')) as Plan);
  return runOne(plan);
}

async function runOne(plan: Plan): Promise<boolean> {
  const beganMs = now();
  const { failure, numSteps, virtualMs, numDelivered, convergedMs, timeline } = await SimWorld.run(plan);
  const tookMs = now() - beganMs;
  const figures = `${numSteps} steps, ${(virtualMs / 1_000).toFixed(0)} s of virtual time, ${numDelivered} deliveries, in ${tookMs.toFixed(0)} ms`;
  if (failure === undefined) {
    console.log(
      `seed ${plan.seed} holds: ${figures}; everybody had everything ${(convergedMs / 1_000).toFixed(1)} s after the last fault`,
    );
    return true;
  }
  console.log(
    `seed ${plan.seed} FAILS after ${figures}\n${failure.line} at ${(failure.atMs / 1_000).toFixed(3)} s: ${failure.text}`,
  );
  if (!given.shrink) {
    console.log(`\n${planText(plan)}\n\n${timeline.text()}`);
    return false;
  }
  const { plan: small, outcome } = await explain(plan, failure);
  const file = join(folder, `${plan.broker}-${plan.seed}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(small, undefined, 2)}\n`);
  console.log(
    `\nThe smallest plan that fails so has ${small.steps.length} of ${plan.steps.length} steps (${file}):\n${planText(small)}`,
  );
  console.log(`\n${outcome.timeline.text()}\n${outcome.failure?.line}: ${outcome.failure?.text}`);
  const whole = given.plan === undefined ? ['--seed', `${plan.seed}`, ...asGiven()] : ['--plan', given.plan];
  console.log(`\nAgain: npm run simulate -- --plan ${file}, and as a whole: npm run simulate -- ${whole.join(' ')}`);
  return false;
}

/** What has made the plan of a seed another one than usual. */
function asGiven(): string[] {
  return (['broker', 'nodes', 'minutes'] as const).flatMap((name) => {
    const value = given[name];
    return value === undefined ? [] : [`--${name}`, value];
  });
}

async function runMany(count: number): Promise<boolean> {
  const first = wholeOf('from', given.from);
  const numWorkers = given.workers === undefined ? availableParallelism() : wholeOf('workers', given.workers);
  const maxFailures = wholeOf('failures', given.failures);
  const withinMs = given.within === undefined ? Number.POSITIVE_INFINITY : wholeOf('within', given.within) * 1_000;
  const failed: Result[] = [];
  const sums = { seeds: 0, steps: 0, virtualMs: 0, delivered: 0, slowestMs: 0 };
  const beganMs = now();
  let next = first;
  let saidMs = beganMs;
  const take = (result: Result) => {
    sums.seeds++;
    sums.steps += result.numSteps;
    sums.virtualMs += result.virtualMs;
    sums.delivered += result.numDelivered;
    sums.slowestMs = Math.max(sums.slowestMs, result.convergedMs);
    if (result.failure !== undefined) {
      failed.push(result);
      console.log(
        `seed ${result.seed} FAILS: ${result.failure.line} at ${(result.failure.atMs / 1_000).toFixed(3)} s: ${result.failure.text}`,
      );
    }
    if (now() - saidMs < 10_000) return;
    saidMs = now();
    console.log(
      `${sums.seeds} of ${count} seeds, ${Math.round((sums.steps * 60_000) / (now() - beganMs))} steps a minute`,
    );
  };
  const batch = () => {
    if (failed.length >= maxFailures || now() - beganMs >= withinMs) return [];
    const seeds = Array.from({ length: Math.min(batchSize, first + count - next) }, (_, n) => next + n);
    next += seeds.length;
    return seeds;
  };
  await Promise.all(Array.from({ length: numWorkers }, () => work(batch, take)));
  const tookSec = (now() - beganMs) / 1_000;
  const isOutOfTime = withinMs < now() - beganMs && sums.seeds > 0;
  if (isOutOfTime) console.log(`${sums.seeds} of ${count} seeds were begun within ${given.within} s`);
  console.log(
    `${sums.seeds} seeds from ${first} on in ${tookSec.toFixed(1)} s with ${numWorkers} processes: ${sums.steps} steps (${Math.round((sums.steps * 60) / tookSec)} a minute), ${(sums.virtualMs / 3_600_000).toFixed(1)} h of virtual time, ${sums.delivered} deliveries; the slowest fleet had everything ${(sums.slowestMs / 1_000).toFixed(1)} s after its last fault; ${failed.length} failed`,
  );
  const [worst] = failed;
  if (worst !== undefined && given.shrink) await runOne(makePlan({ seed: worst.seed, ...common }));
  return failed.length === 0 && (sums.seeds === count || isOutOfTime);
}

/** One worker process, until there are no more seeds. */
function work(batch: () => readonly number[], take: (result: Result) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--worker']);
    let left = 0;
    const give = () => {
      const seeds = batch();
      left = seeds.length;
      if (left > 0) child.send(seeds);
      else child.disconnect();
    };
    child.on('message', (result) => {
      // safe: the worker is this program
      take(result as Result);
      if (--left === 0) give();
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
    give();
  });
}

function serve(): void {
  process.on('message', (seeds) => {
    // safe: from the program that has started this one
    void runAll(seeds as readonly number[]);
  });
}

async function runAll(seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) process.send?.(await runSeed({ seed, ...common }));
}

function wholeOf(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name}: ${text} is not a whole number\n${usage}`);
  return value;
}

function brokerOf(text: string | undefined): BrokerKind | undefined {
  const kind = brokerKinds.find((one) => one === text);
  if (text !== undefined && kind === undefined)
    throw new Error(`--broker: ${text} is none of ${brokerKinds.join(', ')}`);
  return kind;
}
