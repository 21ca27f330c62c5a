// @ts-check
/** One measurement: a new server and a new load client, each on its own core, in one scenario. */
import { fileURLToPath } from 'node:url';
import { Child } from './ipc.mjs';
import { busyMsOf } from './machine.mjs';

const HOST = '127.0.0.1';
export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;
const CORES = [SERVER_CORE, CLIENT_CORE];

/** @typedef {import('../client/tally.mjs').RunResult} RunResult */
/** @typedef {import('./figures.mjs').Figures} Figures */
/** @typedef {import('../end-to-end/scenarios.mjs').IdleScenario} IdleScenario */
/** @typedef {import('../end-to-end/scenarios.mjs').DeliveryScenario} DeliveryScenario */
/** @typedef {{ user: number, system: number }} Cpu in microseconds */
/** @typedef {{ rss: number, young: number, heapUsed: number, external: number }} Memory in bytes; `young` is part of `rss` */
/** @typedef {{ opened?: number, of?: number, deliveries?: number }} StepProgress */

/** @typedef {{ figures: Figures, faults: string[] }} Outcome faults: deliveries lost, doubled or out of order */

/**
 * @typedef {object} Bench the two measured processes
 * @property {Child} host
 * @property {Child} client
 * @property {(count: number) => Promise<void>} open connections that are subscribed
 * @property {() => Promise<void>} openPublisher in the load client
 * @property {(step: string) => void} enter
 * @property {{ kind: 'cpu' | 'heap', path: string } | null} profile
 */

/** @typedef {{ close: () => Promise<void> }} Bystander what else uses the server meanwhile */

/**
 * @param {object} options
 * @param {string} options.server name of a file in servers/
 * @param {string} [options.dialect] protocol of its clients; default: its own over WebSocket
 * @param {IdleScenario | DeliveryScenario} options.scenario
 * @param {boolean} options.pinned whether processes can be pinned to cores
 * @param {Bench['profile']} options.profile
 * @param {(step: string, progress: StepProgress) => void} options.onProgress
 * @param {(port: number) => Promise<Bystander>} [options.beside]
 * @returns {Promise<Outcome & { version: string }>}
 */
export async function measure({ server, dialect = server, scenario, pinned, profile, onProgress, beside }) {
  let step = 'starting';
  const host = new Child({
    name: `${server} server`,
    script: fileURLToPath(new URL(`../servers/${server}.mjs`, import.meta.url)),
    core: pinned ? SERVER_CORE : null,
  });
  const client = new Child({
    name: 'load client',
    script: fileURLToPath(new URL('../client/main.mjs', import.meta.url)),
    core: pinned ? CLIENT_CORE : null,
    onProgress: (progress) => onProgress(step, /** @type {StepProgress} */ (progress)),
  });
  try {
    /** @type {{ port: number, version: string }} */
    const { port, version } = await host.request('start');
    /** @type {Bench} */
    const bench = {
      host,
      client,
      profile,
      open: (count) => client.request('open', { dialect, host: HOST, port, count }),
      openPublisher: () => client.request('openPublisher', { host: HOST, port }),
      enter(name) {
        step = name;
        onProgress(step, {});
      },
    };
    const bystander = await beside?.(port);
    const outcome =
      scenario.kind === 'idle' ? await measureIdle(bench, scenario) : await measureDelivery(bench, scenario);
    await bystander?.close();
    return { version, ...outcome };
  } finally {
    await Promise.all([client.close(), host.close()]);
  }
}

/**
 * @param {Bench} bench
 * @param {IdleScenario} scenario
 * @returns {Promise<Outcome>}
 */
async function measureIdle({ host, client, open, enter, profile }, { connections, warmUpConnections }) {
  enter('warm-up');
  await open(warmUpConnections);
  await client.request('closeAll');
  /** @type {Memory} */
  const before = await host.request('memory');
  if (profile) await host.request('profile', { kind: profile.kind });
  enter('connecting');
  /** @type {Cpu} */
  const cpuBefore = await host.request('cpu');
  const startedMs = performance.now();
  await open(connections);
  const elapsedMs = performance.now() - startedMs;
  const connectCpuUs = cpuBetween(cpuBefore, await host.request('cpu')) / connections;
  enter('settling');
  /** @type {Memory} */
  const after = await host.request('memory');
  await client.request('check');
  if (profile) await host.request('endProfile', { path: profile.path });
  const values = {
    rssBytesPerConnection: (after.rss - before.rss) / connections,
    lastingBytesPerConnection: (after.rss - after.young - (before.rss - before.young)) / connections,
    heapBytesPerConnection: (heapOf(after) - heapOf(before)) / connections,
    connectCpuUs,
    connectsPerSec: (1e3 * connections) / elapsedMs,
  };
  return { figures: { values, latency: [] }, faults: [] };
}

/**
 * @param {Bench} bench
 * @param {DeliveryScenario} scenario
 * @returns {Promise<Outcome>}
 */
async function measureDelivery({ host, client, open, openPublisher, enter, profile }, scenario) {
  const { subscribers, ratePerSec, burst, payloadBytes, isFromOutside = false, warmUpMs, durationMs } = scenario;
  // What comes from outside is not held up by the server's turns.
  const [publisher, catchesUp] = isFromOutside ? [client, true] : [host, false];
  const run = async (/** @type {number} */ forMs) => {
    const publications = Math.ceil((ratePerSec * forMs) / 1e3);
    await client.request('begin', { publications });
    const busyBeforeMs = busyMsOf(CORES);
    const startedMs = performance.now();
    /** @type {Cpu} */
    const cpuBefore = await host.request('cpu');
    /** @type {Promise<{ elapsedMs: number, maxLagMs: number }>} */
    const published = publisher.request('publish', { ratePerSec, burst, payloadBytes, publications, catchesUp });
    /** @type {Promise<RunResult>} */
    const delivered = client.request('result');
    const [pace, result] = await Promise.all([published, delivered]);
    const cpuUs = cpuBetween(cpuBefore, await host.request('cpu'));
    const ownMs = cpuUs / 1e3 + result.clientCpuShare * result.elapsedMs;
    const othersMs = Math.max(0, busyMsOf(CORES) - busyBeforeMs - ownMs);
    const othersCpuShare = othersMs / CORES.length / (performance.now() - startedMs);
    return { pace, result, cpuUs, othersCpuShare };
  };
  enter('connecting');
  await open(subscribers);
  if (isFromOutside) await openPublisher();
  enter('warm-up');
  const warmUp = await run(warmUpMs);
  await host.request('memory');
  if (profile) await host.request('profile', { kind: profile.kind });
  enter('measuring');
  const { pace, result, cpuUs, othersCpuShare } = await run(durationMs);
  if (profile) await host.request('endProfile', { path: profile.path });
  await client.request('check');
  const values = {
    cpuUsPerDelivery: cpuUs / Math.max(1, result.deliveries),
    serverCpuShare: cpuUs / 1e3 / Math.max(pace.elapsedMs, result.elapsedMs),
    clientCpuShare: result.clientCpuShare,
    othersCpuShare,
    deliveriesPerSec: (1e3 * result.deliveries) / result.elapsedMs,
    maxLagMs: pace.maxLagMs,
  };
  const faults = [...faultsOf('warm-up', warmUp.result), ...faultsOf('measured run', result)];
  return { figures: { values, latency: result.latency }, faults };
}

/**
 * @param {string} run
 * @param {RunResult} result
 */
export function faultsOf(run, { deliveries, expected, misordered, incomplete }) {
  const faults = [];
  if (deliveries !== expected) faults.push(`${run}: ${deliveries} deliveries where ${expected} were due`);
  if (misordered > 0) faults.push(`${run}: ${misordered} deliveries out of order or doubled`);
  if (incomplete > 0) faults.push(`${run}: ${incomplete} subscribers did not get each publication once`);
  return faults;
}

/** @param {Memory} memory */
function heapOf({ heapUsed, external }) {
  return heapUsed + external;
}

/**
 * @param {Cpu} before
 * @param {Cpu} after
 */
function cpuBetween(before, after) {
  return after.user - before.user + (after.system - before.system);
}
