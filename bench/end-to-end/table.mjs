// @ts-check
/** The result as text: one table per scenario, and the comparison with the aims. */
import { figureOf, latencyMsAt } from '../shared/figures.mjs';
import { describeScenario, SERVER_LABELS } from './scenarios.mjs';

/** @typedef {import('../shared/figures.mjs').Figures} Figures */

/** @type {Record<'idle' | 'delivery', { name: string, show: (figures: Figures) => string }[]>} */
export const COLUMNS = {
  idle: [
    { name: 'memory/connection (RSS)', show: (f) => kib(figureOf(f, 'rssBytesPerConnection')) },
    { name: 'without young generation', show: (f) => kib(figureOf(f, 'lastingBytesPerConnection')) },
    { name: 'heap/connection', show: (f) => kib(figureOf(f, 'heapBytesPerConnection')) },
    { name: 'server CPU/connect', show: (f) => `${figureOf(f, 'connectCpuUs').toFixed(0)} µs` },
    { name: 'connects/s', show: (f) => whole(figureOf(f, 'connectsPerSec')) },
  ],
  delivery: [
    { name: 'server CPU/delivery', show: (f) => `${figureOf(f, 'cpuUsPerDelivery').toFixed(2)} µs` },
    { name: 'p50', show: (f) => milliseconds(latencyMsAt(f, 50)) },
    { name: 'p99', show: (f) => milliseconds(latencyMsAt(f, 99)) },
    { name: 'deliveries/s', show: (f) => whole(figureOf(f, 'deliveriesPerSec')) },
    { name: 'server CPU', show: (f) => percent(figureOf(f, 'serverCpuShare')) },
    { name: 'client CPU', show: (f) => percent(figureOf(f, 'clientCpuShare')) },
  ],
};

/**
 * @param {'idle' | 'delivery'} kind
 * @param {Figures} figures
 */
export function oneLine(kind, figures) {
  return COLUMNS[kind].map(({ name, show }) => `${name} ${show(figures)}`).join(', ');
}

/** @param {import('./result.mjs').Result} result */
export function renderTables({ plan, scenarios, ratios, warnings }) {
  const parts = scenarios.flatMap(({ scenario: name, medians }) => {
    const scenario = plan.scenarios[name];
    if (!scenario) return [];
    const columns = COLUMNS[scenario.kind];
    const rows = medians.map(({ server, figures }) => [
      SERVER_LABELS[server],
      ...columns.map(({ show }) => show(figures)),
    ]);
    return `${name}: ${describeScenario(scenario)}\n${grid([['', ...columns.map((column) => column.name)], ...rows])}`;
  });
  if (ratios.length > 0) {
    const rows = ratios.map(({ scenario, versus, median, least, most, atMost, met }) => [
      `${scenario}, Fanfare ÷ ${SERVER_LABELS[versus]}`,
      median.toFixed(2),
      `${least.toFixed(2)}–${most.toFixed(2)}`,
      `≤ ${atMost}`,
      met ? 'met' : 'missed',
    ]);
    parts.push(`paired ratios\n${grid([['', 'median', 'range', 'aim', ''], ...rows])}`);
  }
  if (warnings.length > 0) parts.push(warnings.map((warning) => `warning: ${warning}`).join('\n'));
  return parts.join('\n\n');
}

/**
 * The first column is left-aligned, the others right-aligned.
 * @param {string[][]} rows of equal length
 */
export function grid(rows) {
  const columns = rows[0] ?? [];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n');
}

/** @param {number} ms */
export function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(2) : whole(ms)} ms`;
}

/** @param {number} bytes */
function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

/** @param {number} value */
export function whole(value) {
  return Math.round(value).toLocaleString('en');
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(100 * share)} %`;
}
