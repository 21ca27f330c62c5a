// @ts-check
/** The figures of one server in one scenario, their medians over paired rounds, and the ratios between servers. */
import { AIMS, headlineMetric } from '../end-to-end/scenarios.mjs';

/**
 * idle: `rssBytesPerConnection`, `lastingBytesPerConnection` (without V8's young generation), `heapBytesPerConnection` (V8's heap and its external memory), `connectCpuUs`
 * (server CPU for one connection until it is subscribed), `connectsPerSec`.
 * delivery: `cpuUsPerDelivery` (server CPU, all threads), `serverCpuShare` and `clientCpuShare` (of one core),
 * `othersCpuShare` (of the two cores, by other processes), `deliveriesPerSec`, `maxLagMs` (how late the server made its
 * latest burst).
 * brokers, per publication: `nodesCpuUs` (all nodes), `publisherCpuUs` (of these, the node that publishes),
 * `serviceCpuUs` (the process between the nodes), `idleCpuUs` (use of the nodes in that time without publications);
 * `publicationsPerSec`, and `publicationsPerCpuSec` of the nodes.
 * @typedef {'rssBytesPerConnection' | 'lastingBytesPerConnection' | 'heapBytesPerConnection' | 'connectCpuUs' | 'connectsPerSec' | 'cpuUsPerDelivery'
 *   | 'nodesCpuUs' | 'publisherCpuUs' | 'serviceCpuUs' | 'idleCpuUs' | 'publicationsPerSec' | 'publicationsPerCpuSec'
 *   | 'serverCpuShare' | 'clientCpuShare' | 'othersCpuShare' | 'deliveriesPerSec' | 'maxLagMs'} Metric
 */

/** @typedef {{ percentile: number, ms: number }} LatencyPoint from when a publication was due until its arrival */

/** @typedef {{ values: Partial<Record<Metric, number>>, latency: LatencyPoint[] }} Figures latency is empty for idle */

/** @typedef {import('../end-to-end/scenarios.mjs').Scenario} Scenario */
/** @typedef {import('../end-to-end/scenarios.mjs').ServerName} ServerName */

/**
 * @typedef {object} Ratio Fanfare's figure as a share of another server's
 * @property {string} scenario
 * @property {Metric} metric
 * @property {ServerName} versus
 * @property {number} atMost the aim
 * @property {number} median of the rounds' ratios
 * @property {number} least
 * @property {number} most
 * @property {boolean} met
 */

/**
 * NaN if the scenario has no such figure.
 * @param {Figures} figures
 * @param {Metric} metric
 */
export function figureOf(figures, metric) {
  return figures.values[metric] ?? Number.NaN;
}

/**
 * NaN if the scenario has no latency.
 * @param {Figures} figures
 * @param {number} percentile
 */
export function latencyMsAt(figures, percentile) {
  return figures.latency.find((point) => point.percentile === percentile)?.ms ?? Number.NaN;
}

/**
 * NaN without values.
 * @param {number[]} values
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/**
 * Each figure's median over the rounds; the latency curve point by point.
 * @param {Figures[]} rounds of one server in one scenario
 * @returns {Figures}
 */
export function medianFigures(rounds) {
  const [first = { values: {}, latency: [] }] = rounds;
  const metrics = /** @type {Metric[]} */ (Object.keys(first.values));
  return {
    values: Object.fromEntries(metrics.map((metric) => [metric, median(rounds.map((each) => figureOf(each, metric)))])),
    latency: first.latency.map(({ percentile }) => ({
      percentile,
      ms: median(rounds.map((each) => latencyMsAt(each, percentile))),
    })),
  };
}

/**
 * The comparisons for which this run has both servers.
 * @param {Record<string, Scenario>} scenarios
 * @param {Record<string, Partial<Record<ServerName, Figures>>[]>} roundsOf by scenario
 * @returns {Ratio[]}
 */
export function ratiosOf(scenarios, roundsOf) {
  return AIMS.flatMap(({ scenario, versus, atMost }) => {
    const load = scenarios[scenario];
    if (!load) return [];
    const metric = headlineMetric(load);
    const ratios = (roundsOf[scenario] ?? []).flatMap(({ fanfare, [versus]: other }) =>
      fanfare && other ? [figureOf(fanfare, metric) / figureOf(other, metric)] : [],
    );
    if (ratios.length === 0) return [];
    const middle = median(ratios);
    const range = { least: Math.min(...ratios), most: Math.max(...ratios) };
    return [{ scenario, metric, versus, atMost, median: middle, ...range, met: middle <= atMost }];
  });
}
