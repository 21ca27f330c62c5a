// @ts-check
/**
 * Measures what `fanfare plan` needs besides the other benchmarks, and a load to check its answers: the CPU and memory
 * of two nodes with Redis, measured and calculated.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CONTENDERS } from './brokers/contenders.mjs';
import { Fleet } from './brokers/fleet.mjs';
import { FULL_PLAN } from './end-to-end/scenarios.mjs';
import { measuredFrom } from './render/measured.mjs';
import { checkPart } from './render/pages.mjs';
import { figureOf, median } from './shared/figures.mjs';
import { checkBuilt, count, parseFlags, resultName, runCommand } from './shared/flags.mjs';
import { canPin, describeMachine } from './shared/machine.mjs';
import { faultsOf, measure } from './shared/measure.mjs';

const HELP = `Usage: node bench/capacity.mjs [options]

What fanfare plan calculates with beside the results of the other benchmarks, and a load that its answer is held against.
Needs a build (npm run build), redis-server, and bench/results/ of bench/run.mjs and bench/brokers.mjs. Leave the machine
alone meanwhile.

  --quick          a short run; its times mean little
  --rounds N       medians are reported                            (3; quick: 1)
  --name NAME      the result file is bench/results/NAME.json      (capacity; quick: capacity-quick)
  --help           this text

Exit status: 0, or 1 when a delivery was lost, doubled or out of order, or a process failed.`;

const RESULTS = new URL('./results/', import.meta.url);
const PING_INTERVAL_SEC = 25;
const NODES = 2;
const LARGE_PAYLOAD_BYTES = 4096;

/** @typedef {{ channels: number, subscribersPerChannel: number, ratePerSec: number, payloadBytes: number, seconds: number }} CheckedLoad */

/**
 * @typedef {object} Round
 * @property {number} processBytes a process that was busy and has no connections now
 * @property {number} idleCores CPU of a process without connections
 * @property {number} socketBytes kernel memory (slab) of one end of a connection
 * @property {number} pingUs node CPU of a ping and its answer
 * @property {number} deliveryUs of 128 bytes, one publication at a time
 * @property {number} largeDeliveryUs of {@link CapacityResult.largePayloadBytes}
 * @property {{ nodesCores: number, brokerCores: number, nodesBytes: number }} checked use by the checked load
 */

/**
 * @typedef {object} CapacityResult
 * @property {string} startedAt
 * @property {ReturnType<typeof describeMachine>} machine
 * @property {boolean} quick
 * @property {number} largePayloadBytes
 * @property {CheckedLoad & { nodes: number }} load
 * @property {Round} medians
 * @property {Round[]} rounds
 */

/**
 * @typedef {object} Plan
 * @property {boolean} quick
 * @property {number} rounds
 * @property {number} idleConnections
 * @property {number} idleSeconds
 * @property {CheckedLoad} load
 * @property {string} name
 */

/**
 * @param {string[]} argv
 * @returns {Plan}
 */
function readPlan(argv) {
  const flags = parseFlags(argv, { quick: { type: 'boolean' }, rounds: { type: 'string' }, name: { type: 'string' } });
  const { quick = false } = flags;
  return {
    quick,
    rounds: count('rounds', flags.rounds, quick ? 1 : 3),
    idleConnections: quick ? 2000 : 10_000,
    idleSeconds: quick ? PING_INTERVAL_SEC : 2 * PING_INTERVAL_SEC,
    load: { channels: 100, subscribersPerChannel: 20, ratePerSec: 200, payloadBytes: 128, seconds: quick ? 10 : 30 },
    name: resultName(flags.name, quick ? 'capacity-quick' : 'capacity'),
  };
}

/**
 * @param {Fleet} fleet
 * @param {CheckedLoad} load
 */
async function runLoad(fleet, load) {
  const { seconds } = load;
  const publications = Math.ceil((load.ratePerSec * seconds) / load.channels) * load.channels;
  await fleet.client.request('begin', { publications: publications / load.channels });
  const before = await fleet.cpu();
  const startedMs = performance.now();
  /** @type {Promise<import('./client/tally.mjs').RunResult>} */
  const delivered = fleet.client.request('result');
  const pace = { ...load, burst: 1, publications };
  const [result] = await Promise.all([delivered, fleet.publisher.request('publish', pace)]);
  const elapsedSec = (performance.now() - startedMs) / 1e3;
  const after = await fleet.cpu();
  const faults = faultsOf('checked load', result);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  /** @type {number[]} */
  const bytes = await Promise.all(fleet.nodes.map((node) => node.request('residentBytes')));
  return {
    nodesCores: (after.nodesUs - before.nodesUs) / 1e6 / elapsedSec,
    brokerCores: (after.serviceUs - before.serviceUs) / 1e6 / elapsedSec,
    nodesBytes: bytes.reduce((sum, each) => sum + each, 0),
  };
}

/** @param {Fleet} fleet */
async function coresOver(fleet, /** @type {number} */ seconds) {
  const before = await fleet.cpu();
  const startedMs = performance.now();
  await delay(seconds * 1e3);
  const after = await fleet.cpu();
  return (after.nodesUs - before.nodesUs) / 1e3 / (performance.now() - startedMs);
}

function slabBytes() {
  const meminfo = '/proc/meminfo';
  if (!existsSync(meminfo)) return Number.NaN;
  return 1024 * Number(/^Slab:\s+(\d+)/m.exec(readFileSync(meminfo, 'utf8'))?.[1]);
}

/** @returns {Promise<Pick<Round, 'checked' | 'processBytes' | 'idleCores' | 'socketBytes' | 'pingUs'>>} */
async function measureFleet(/** @type {Plan} */ { load, idleConnections, idleSeconds }) {
  const contender = CONTENDERS.redis;
  if (!contender) throw new Error('no such row');
  const fleet = new Fleet(() => {});
  try {
    await fleet.start(contender, NODES);
    await fleet.subscribeOnEach(load.channels, load.subscribersPerChannel / NODES, contender.dialect);
    await runLoad(fleet, { ...load, seconds: load.seconds / 3 });
    const checked = await runLoad(fleet, load);
    await fleet.client.request('closeAll');
    /** @type {import('./shared/measure.mjs').Memory[]} */
    const empty = await Promise.all(fleet.nodes.map((node) => node.request('memory')));
    const idleCores = await coresOver(fleet, 5);
    const slabBefore = slabBytes();
    await fleet.subscribeOnEach(load.channels, idleConnections / NODES / load.channels, contender.dialect);
    // Both ends are on this machine.
    const socketBytes = (slabBytes() - slabBefore) / (2 * idleConnections);
    const pingCores = (await coresOver(fleet, idleSeconds)) - idleCores;
    await fleet.client.request('check');
    return {
      checked,
      processBytes: empty.reduce((sum, { rss }) => sum + rss, 0) / empty.length,
      idleCores: idleCores / NODES,
      socketBytes,
      pingUs: (pingCores * 1e6 * PING_INTERVAL_SEC) / idleConnections,
    };
  } finally {
    await fleet.close();
  }
}

async function measureDelivery(/** @type {number} */ payloadBytes, /** @type {boolean} */ quick) {
  const scenario = FULL_PLAN.scenarios.single;
  if (scenario?.kind !== 'delivery') throw new Error('no such scenario');
  const { figures, faults } = await measure({
    server: 'fanfare',
    scenario: { ...scenario, payloadBytes, durationMs: quick ? 2000 : scenario.durationMs },
    pinned: canPin(),
    profile: null,
    onProgress() {},
  });
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return figureOf(figures, 'cpuUsPerDelivery');
}

/** @param {Plan} plan */
async function run(plan) {
  checkBuilt();
  const { quick, rounds, load } = plan;
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  /** @type {Round[]} */
  const measured = [];
  for (let round = 1; round <= rounds; round++) {
    const fleet = await measureFleet(plan);
    const deliveryUs = await measureDelivery(load.payloadBytes, quick);
    const largeDeliveryUs = await measureDelivery(LARGE_PAYLOAD_BYTES, quick);
    measured.push({ ...fleet, deliveryUs, largeDeliveryUs });
    console.log(`round ${round}/${rounds}: ${JSON.stringify(measured.at(-1))}`);
  }
  const result = resultOf({ startedAt, machine, plan }, measured);
  await mkdir(RESULTS, { recursive: true });
  const file = new URL(`${plan.name}.json`, RESULTS);
  await writeFile(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`wrote ${fileURLToPath(file)}\n`);
  const { cpuUse, sumOf, brokerUse } = await import(new URL('../.cache/modules/cli/plan/use.js', import.meta.url).href);
  const read = (/** @type {string} */ name) => JSON.parse(readFileSync(new URL(`${name}.json`, RESULTS), 'utf8'));
  const measuredNow = measuredFrom({ servers: read('latest'), brokers: read('brokers'), capacity: result });
  console.log(`${checkPart(result, measuredNow, { cpuUse, sumOf, brokerUse })}\n\nnow: node bench/render.mjs`);
  return 0;
}

/**
 * @param {{ startedAt: string, machine: ReturnType<typeof describeMachine>, plan: Plan }} about
 * @param {Round[]} rounds
 * @returns {CapacityResult}
 */
function resultOf({ startedAt, machine, plan }, rounds) {
  const middle = (/** @type {(round: Round) => number} */ of) => median(rounds.map(of));
  return {
    startedAt,
    machine,
    quick: plan.quick,
    largePayloadBytes: LARGE_PAYLOAD_BYTES,
    load: { ...plan.load, nodes: NODES },
    medians: {
      processBytes: middle((round) => round.processBytes),
      idleCores: middle((round) => round.idleCores),
      socketBytes: middle((round) => round.socketBytes),
      pingUs: middle((round) => round.pingUs),
      deliveryUs: middle((round) => round.deliveryUs),
      largeDeliveryUs: middle((round) => round.largeDeliveryUs),
      checked: {
        nodesCores: middle((round) => round.checked.nodesCores),
        brokerCores: middle((round) => round.checked.brokerCores),
        nodesBytes: middle((round) => round.checked.nodesBytes),
      },
    },
    rounds,
  };
}

await runCommand({ help: HELP, read: readPlan, run });
