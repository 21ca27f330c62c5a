// @ts-check
/** The result as text: a row per figure, a column per server, and Fanfare's share of the others. */
import { grid } from '../end-to-end/table.mjs';
import { percent } from './result.mjs';
import { SCENARIOS } from './scenarios.mjs';

/** @typedef {import('./result.mjs').Result} Result */
/** @typedef {import('./result.mjs').ResultRow} ResultRow */

/**
 * @param {string} scenario
 * @param {import('./scenarios.mjs').Outcome} outcome
 */
export function oneLine(scenario, { figures, use }) {
  const shown = (SCENARIOS[scenario]?.rows ?? []).flatMap(({ figure, what, unit }) => {
    const value = figures[figure];
    return value === undefined ? [] : [`${shortened(value)} ${unit} ${what}`];
  });
  if (use) {
    const { serverShare, clientShare, othersShare } = use;
    shown.push(`server ${percent(serverShare)}, client ${percent(clientShare)}, others ${percent(othersShare)}`);
  }
  return shown.join(', ');
}

/** @param {Result} result */
export function renderTables({ peers, rows, warnings }) {
  const head = ['', ...peers.map(({ label }) => label)];
  const lines = rows.map((each) => [
    `${titleOf(each)}, ${each.row.unit}`,
    ...peers.map(({ name }) => cellText(each, name)),
  ]);
  return [grid([head, ...lines]), ...warnings.map((warning) => `warning: ${warning}`)].join('\n');
}

/** @param {ResultRow} row */
export function titleOf({ scenario, row: { what } }) {
  return `${SCENARIOS[scenario]?.title ?? scenario}: ${what}`;
}

/**
 * @param {ResultRow} row
 * @param {string} peer
 */
function cellText({ cells }, peer) {
  const cell = cells.find((each) => each.peer === peer);
  if (!cell) return '–';
  return cell.ratio ? `${shortened(cell.value)} (${cell.ratio.median.toFixed(2)}×)` : shortened(cell.value);
}

/** A measurement is accurate to three digits at most. @param {number} value */
export function shortened(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
