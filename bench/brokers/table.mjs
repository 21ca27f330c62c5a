// @ts-check
/** The brokers' result as text. */

import { grid, milliseconds, whole } from '../end-to-end/table.mjs';
import { figureOf, latencyMsAt } from '../shared/figures.mjs';
import { CONTENDERS } from './contenders.mjs';
import { describeLoad } from './plan.mjs';
import { allCpuUs } from './result.mjs';

/** @typedef {import('../shared/figures.mjs').Figures} Figures */
/** @typedef {import('./result.mjs').BrokersResult} BrokersResult */

/** @type {{ name: string, show: (figures: Figures) => string }[]} */
export const COLUMNS = [
  { name: 'publications/s', show: (f) => whole(figureOf(f, 'publicationsPerSec')) },
  { name: 'CPU of nodes', show: (f) => micros(figureOf(f, 'nodesCpuUs')) },
  { name: 'of it, publisher', show: (f) => micros(figureOf(f, 'publisherCpuUs')) },
  { name: 'CPU of broker', show: (f) => micros(figureOf(f, 'serviceCpuUs')) },
  { name: 'publications/CPU s of nodes', show: (f) => whole(figureOf(f, 'publicationsPerCpuSec')) },
  { name: 'p50', show: (f) => milliseconds(latencyMsAt(f, 50)) },
  { name: 'p99', show: (f) => milliseconds(latencyMsAt(f, 99)) },
];

/** @param {Figures} figures */
export function oneLine(figures) {
  return COLUMNS.map(({ name, show }) => `${name} ${show(figures)}`).join(', ');
}

/** @param {string} contender */
export function labelOf(contender) {
  return CONTENDERS[contender]?.label ?? contender;
}

/** @param {BrokersResult} result */
export function renderTables({ plan, loads, growth, comparisons, warnings }) {
  const parts = loads.map(({ load, medians }) => {
    const rows = medians.map(({ contender, figures }) => [
      labelOf(contender),
      ...COLUMNS.map(({ show }) => show(figures)),
    ]);
    const described = plan.loads[/** @type {import('./plan.mjs').LoadName} */ (load)];
    return `${load}: ${describeLoad(described)}\n${grid([['', ...COLUMNS.map(({ name }) => name)], ...rows])}`;
  });
  if (comparisons.length > 0) {
    const rows = comparisons.map(({ load, contender, versus, nodes, least, most, all, atLeast }) => [
      `${load}: ${labelOf(contender)} ÷ ${labelOf(versus)}`,
      nodes.toFixed(2),
      `${least.toFixed(2)}–${most.toFixed(2)}`,
      all.toFixed(2),
      atLeast === null ? '' : `≥ ${atLeast}: ${nodes >= atLeast ? 'met' : 'missed'}`,
    ]);
    const head = ['', 'median', 'range', 'with the broker’s CPU', 'aim'];
    parts.push(`publications per CPU second, paired ratios\n${grid([head, ...rows])}`);
  }
  if (growth.length > 0) {
    const rows = growth.flatMap(({ nodes, medians }) =>
      medians.map(({ contender, figures, reached }) => [
        `${nodes} ${nodes === 1 ? 'node' : 'nodes'}, ${labelOf(contender)}`,
        micros(figureOf(figures, 'nodesCpuUs')),
        micros(figureOf(figures, 'idleCpuUs')),
        micros(figureOf(figures, 'serviceCpuUs')),
        micros(allCpuUs(figures)),
        reachedText(reached),
      ]),
    );
    const head = ['', 'CPU of all nodes', 'of it without load', 'CPU of broker', 'together', 'nodes reached'];
    const { nodes: _, ...load } = plan.growth.load;
    const described = describeLoad({ ...load, nodes: Math.max(...plan.growth.counts) }).replace(/^\d+ nodes, /, '');
    parts.push(`growth: all subscribers on one node of several; ${described}\n${grid([head, ...rows])}`);
  }
  if (warnings.length > 0) parts.push(warnings.map((warning) => `warning: ${warning}`).join('\n'));
  return parts.join('\n\n');
}

/**
 * The number of nodes that a publication has reached through the broker.
 * @param {number[]} reached
 */
export function reachedText(reached) {
  return reached.reduce((sum, count) => sum + count, 0).toFixed(2);
}

/** @param {number} us */
export function micros(us) {
  return `${us.toFixed(us < 10 ? 1 : 0)} µs`;
}
