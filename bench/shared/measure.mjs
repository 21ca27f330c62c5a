// @ts-check
/** One measurement: a server and a new load client, each on its own core, in one scenario. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './ipc.mjs';
import { busyMsOf } from './machine.mjs';

export const HOST = '127.0.0.1';
export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;
export const CORES = [SERVER_CORE, CLIENT_CORE];

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

/** A server under test that listens. @typedef {{ host: Child, port: number, version: string }} RunningServer */

/**
 * @param {string} server name of a file in servers/
 * @param {boolean} pinned whether processes can be pinned to cores
 * @param {string} [bench] the bench folder of another checkout, whose server it is
 * @returns {Promise<RunningServer>}
 */
export async function startServer(server, pinned, bench = fileURLToPath(new URL('..', import.meta.url))) {
  const script = join(bench, 'servers', `${server}.mjs`);
  const host = new Child({ name: `${server} server`, script, core: pinned ? SERVER_CORE : null });
  try {
    /** @type {{ port: number, version: string }} */
    const { port, version } = await host.request('start');
    return { host, port, version };
  } catch (error) {
    await host.close();
    throw error;
  }
}

/**
 * @param {boolean} pinned
 * @param {(progress: unknown) => void} [onProgress]
 */
export function startClient(pinned, onProgress = () => {}) {
  return new Child({
    name: 'load client',
    script: fileURLToPath(new URL('../client/main.mjs', import.meta.url)),
    core: pinned ? CLIENT_CORE : null,
    onProgress,
  });
}

/**
 * @typedef {object} Measurement
 * @property {string} server name of a file in servers/
 * @property {string} [dialect] protocol of its clients; default: its own over WebSocket
 * @property {IdleScenario | DeliveryScenario} scenario
 * @property {boolean} pinned whether processes can be pinned to cores
 * @property {Bench['profile']} profile
 * @property {(step: string, progress: StepProgress) => void} onProgress
 */

/**
 * @param {Measurement} measurement
 * @returns {Promise<Outcome & { version: string }>}
 */
export async function measure(measurement) {
  const running = await startServer(measurement.server, measurement.pinned);
  try {
    return { version: running.version, ...(await measureOn(running, measurement)) };
  } finally {
    await running.host.close();
  }
}

/**
 * Measures a server that runs, and leaves it running without connections.
 * @param {RunningServer} running
 * @param {Measurement} measurement
 * @returns {Promise<Outcome>}
 */
export async function measureOn({ host, port }, { server, dialect = server, scenario, pinned, profile, onProgress }) {
  let step = 'starting';
  const client = startClient(pinned, (progress) => onProgress(step, /** @type {StepProgress} */ (progress)));
  try {
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
    return await (scenario.kind === 'idle' ? measureIdle(bench, scenario) : measureDelivery(bench, scenario));
  } finally {
    await client.close();
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
  const { subscribers, ratePerSec, isFromOutside = false, warmUpMs, durationMs } = scenario;
  const run = async (/** @type {number} */ forMs) => {
    const publications = Math.ceil((ratePerSec * forMs) / 1e3);
    await client.request('begin', { publications });
    const busyBeforeMs = busyMsOf(CORES);
    const startedMs = performance.now();
    /** @type {Cpu} */
    const cpuBefore = await host.request('cpu');
    const { pace, result } = await deliver({ host, client }, scenario, publications);
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
 * Publishes to subscribers that have begun, and waits until everything has arrived.
 * @param {Pick<Bench, 'host' | 'client'>} bench
 * @param {DeliveryScenario} scenario
 * @param {number} publications
 * @returns {Promise<{ pace: { elapsedMs: number, maxLagMs: number }, result: RunResult }>}
 */
export async function deliver({ host, client }, { ratePerSec, burst, payloadBytes, isFromOutside }, publications) {
  // What comes from outside is not held up by the server's turns.
  const [publisher, catchesUp] = isFromOutside ? [client, true] : [host, false];
  /** @type {Promise<{ elapsedMs: number, maxLagMs: number }>} */
  const published = publisher.request('publish', { ratePerSec, burst, payloadBytes, publications, catchesUp });
  /** @type {Promise<RunResult>} */
  const delivered = client.request('result');
  const [pace, result] = await Promise.all([published, delivered]);
  return { pace, result };
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
