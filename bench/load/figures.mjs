// @ts-check
/** The figures that both the bench and `fanfare load` have of one scenario, and how far they agree. */
import { grid, milliseconds, whole } from '../end-to-end/table.mjs';
import { figureOf, latencyMsAt, median } from '../shared/figures.mjs';

/** @typedef {Readonly<Record<'cpu' | 'rate' | 'p50' | 'p99', number>>} LoadFigures µs, a second, ms, ms */
/** @typedef {{ bench: LoadFigures, load: LoadFigures }} Pair */

/** @type {Readonly<Record<keyof LoadFigures, { name: string, show: (value: number) => string }>>} */
const COLUMNS = {
  cpu: { name: 'server CPU/delivery', show: (value) => `${value.toFixed(2)} µs` },
  rate: { name: 'deliveries/s', show: whole },
  p50: { name: 'p50', show: milliseconds },
  p99: { name: 'p99', show: milliseconds },
};
const NAMES = /** @type {(keyof LoadFigures)[]} */ (Object.keys(COLUMNS));

/** Most that a ratio may differ from 1. */
const TOLERANCE = 0.1;

/** @param {import('../shared/figures.mjs').Figures} figures */
export function fromBench(figures) {
  return {
    cpu: figureOf(figures, 'cpuUsPerDelivery'),
    rate: figureOf(figures, 'deliveriesPerSec'),
    p50: latencyMsAt(figures, 50),
    p99: latencyMsAt(figures, 99),
  };
}

/** @typedef {import('./command.mjs').LoadResult} LoadResult */

/** @param {Pick<LoadResult, 'serverCpu' | 'deliveriesPerSec'> & { latency: Pick<LoadResult['latency'], 'delivery'> }} result */
export function fromLoad({ serverCpu, deliveriesPerSec, latency }) {
  const at = (/** @type {number} */ percentile) =>
    latency.delivery.curve.find((point) => point.percentile === percentile)?.ms ?? Number.NaN;
  return { cpu: serverCpu?.usPerDelivery ?? Number.NaN, rate: deliveriesPerSec, p50: at(50), p99: at(99) };
}

/** @param {LoadFigures} figures */
export function oneLine(figures) {
  return NAMES.map((name) => `${COLUMNS[name].name} ${COLUMNS[name].show(figures[name])}`).join(', ');
}

/**
 * The median over the rounds of each ratio, taken within a round.
 * @param {Pair[]} rounds
 */
export function agreementOf(rounds) {
  return NAMES.map((name) => {
    const ratios = rounds.map(({ bench, load }) => load[name] / bench[name]);
    const middle = median(ratios);
    const agrees = Math.abs(middle - 1) <= TOLERANCE;
    return { name, median: middle, least: Math.min(...ratios), most: Math.max(...ratios), agrees };
  });
}

/** @param {Pair[]} rounds */
export function agreementTable(rounds) {
  const middle = (/** @type {'bench' | 'load'} */ which, /** @type {keyof LoadFigures} */ name) =>
    COLUMNS[name].show(median(rounds.map((round) => round[which][name])));
  const rows = agreementOf(rounds).map(({ name, median: ratio, least, most, agrees }) => [
    COLUMNS[name].name,
    middle('bench', name),
    middle('load', name),
    ratio.toFixed(2),
    `${least.toFixed(2)}–${most.toFixed(2)}`,
    agrees ? 'agrees' : 'DIFFERS',
  ]);
  return grid([['', 'bench', 'fanfare load', 'ratio', 'range', ''], ...rows]);
}
