// @ts-check
/** One measurement: a new fleet under one load; the cost of each publication, and the nodes that it reached. */
import { setTimeout as delay } from 'node:timers/promises';
import { faultsOf } from '../shared/measure.mjs';
import { Fleet } from './fleet.mjs';

/** How often a flood gets the number of arrivals. */
const CREDIT_INTERVAL_MS = 5;
/** Pause after connecting, until its after-effects are over. */
const SETTLE_MS = 500;

/** @typedef {import('../shared/figures.mjs').Figures} Figures */
/** @typedef {import('./contenders.mjs').Contender} Contender */
/** @typedef {import('./plan.mjs').Load} Load */
/** @typedef {import('../client/tally.mjs').RunResult} RunResult */

/** @typedef {{ figures: Figures, reached: number[], faults: string[], version: string }} Measurement reached: messages per publication through the broker, by node */

/**
 * @param {object} options
 * @param {Contender} options.contender
 * @param {Load} options.load
 * @param {((node: number) => string) | null} [options.profilePath] path of a node's CPU profile
 * @returns {Promise<Measurement>}
 */
export async function measure({ contender, load, profilePath = null }) {
  const { channels, perChannel, nodes, subscriberNodes = nodes - 1 } = load;
  let onArrived = (/** @type {number} */ _deliveries) => {};
  const fleet = new Fleet(({ deliveries }) => {
    if (deliveries !== undefined) onArrived(deliveries);
  });
  const run = async (/** @type {number} */ wanted) => {
    // The same number for each channel.
    const row = channels * perChannel;
    const publications = Math.ceil(wanted / row) * row;
    await fleet.client.request('begin', { publications: publications / channels });
    await Promise.all(fleet.nodes.map((node) => node.request('collectGarbage')));
    const reachedBefore = await fleet.reached();
    const before = await fleet.cpu();
    const startedMs = performance.now();
    /** @type {Promise<RunResult>} */
    const delivered = fleet.client.request('result', { progressIntervalMs: CREDIT_INTERVAL_MS });
    onArrived = (arrived) => void fleet.publisher.request('credit', { arrived }).catch(() => {});
    const pace = { ...load, publications, burst: load.group };
    const published = fleet.publisher.request(load.kind === 'flood' ? 'flood' : 'publish', pace);
    const result = await Promise.race([delivered, published.then(() => delivered)]);
    // A flood that has lost something never ends by itself; it ends with its process.
    if (result.deliveries >= result.expected) await published;
    else published.catch(() => {});
    onArrived = () => {};
    const after = await fleet.cpu();
    const elapsedMs = performance.now() - startedMs;
    const reachedAfter = await fleet.reached();
    return {
      publications,
      result,
      before,
      after,
      elapsedMs,
      reached: reachedAfter.map((n, i) => n - (reachedBefore[i] ?? 0)),
    };
  };
  try {
    await fleet.start(contender, nodes);
    const publisherToo = nodes === 1;
    const on = Array.from({ length: publisherToo ? 1 : subscriberNodes }, (_, i) => (publisherToo ? 0 : i + 1));
    await fleet.subscribe(channels, on, contender.dialect);
    const warmUp = await run(load.warmUp);
    await delay(SETTLE_MS);
    const idleBefore = await fleet.cpu();
    const idleStartedMs = performance.now();
    await delay(SETTLE_MS);
    const idleAfter = await fleet.cpu();
    const idleUsPerMs = (idleAfter.nodesUs - idleBefore.nodesUs) / (performance.now() - idleStartedMs);
    if (profilePath) await Promise.all(fleet.nodes.map((node) => node.request('profile')));
    const { publications, result, before, after, elapsedMs, reached } = await run(load.publications);
    if (profilePath) {
      await Promise.all(fleet.nodes.map((node, i) => node.request('endProfile', { path: profilePath(i) })));
    }
    await fleet.client.request('check');
    const nodesCpuUs = (after.nodesUs - before.nodesUs) / publications;
    const serviceCpuUs = (after.serviceUs - before.serviceUs) / publications;
    const publisherCpuUs = ((after.byNodeUs[0] ?? 0) - (before.byNodeUs[0] ?? 0)) / publications;
    const values = {
      publicationsPerSec: (1e3 * publications) / result.elapsedMs,
      nodesCpuUs,
      publisherCpuUs,
      serviceCpuUs,
      idleCpuUs: (idleUsPerMs * elapsedMs) / publications,
      publicationsPerCpuSec: 1e6 / nodesCpuUs,
    };
    return {
      figures: { values, latency: result.latency },
      reached: reached.map((count) => count / publications),
      faults: [...faultsOf('warm-up', warmUp.result), ...faultsOf('measured run', result)],
      version: fleet.version,
    };
  } finally {
    await fleet.close();
  }
}
