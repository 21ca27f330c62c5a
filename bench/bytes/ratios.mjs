// @ts-check
/** Each row beside plain JSON of the same server and load, and whether the best of Fanfare's reach the aims. */
import { median } from '../shared/figures.mjs';
import { optionsText } from './rows.mjs';

/** @typedef {import('./table.mjs').Measured} Measured */
/**
 * @typedef {object} Ratios
 * @property {number} bytes
 * @property {number} cpu of a delivery; the median of the rounds' ratios
 */

/** Most bytes beside plain JSON. CPU is compared by bytes-cpu.mjs. */
const AIMS = [
  { load: 'scores', bytes: 0.12 },
  { load: 'chat', bytes: 0.35 },
];

/**
 * `undefined` without plain JSON in the same rounds.
 * @param {Measured} row
 * @param {Measured[]} all
 * @returns {Ratios | undefined}
 */
export function ratiosOf(row, all) {
  const plain = all.find(
    ({ server, load, options }) => server === row.server && load === row.load && options.length === 0,
  );
  const pairs = row.figures.flatMap((figures, round) => {
    const beside = plain?.figures[round];
    return beside === undefined ? [] : [{ figures, beside }];
  });
  if (pairs.length === 0) return undefined;
  return {
    bytes: median(pairs.map(({ figures, beside }) => figures.bytesPerSubscriber / beside.bytesPerSubscriber)),
    cpu: median(pairs.map(({ figures, beside }) => figures.cpuUsPerDelivery / beside.cpuUsPerDelivery)),
  };
}

/**
 * A line for each aim whose rows have been measured. What holds messages back, or are not those of the load, does not count.
 * @param {Measured[]} all
 */
export function aimLines(all) {
  return AIMS.flatMap(({ load, bytes }) => {
    const [least] = all
      .filter((row) => row.server === 'fanfare' && row.load === load && row.options.length > 0)
      .filter(({ options }) => !options.includes('filter') && !options.includes('binary'))
      .flatMap((row) => {
        const ratios = ratiosOf(row, all);
        return ratios === undefined ? [] : [{ text: optionsText(row.options), ratios }];
      })
      .sort((a, b) => a.ratios.bytes - b.ratios.bytes);
    if (least === undefined) return [];
    const found = `${least.text}: ${percent(least.ratios.bytes)}, CPU for a delivery ${least.ratios.cpu.toFixed(2)}×`;
    return [`${load}, at most ${percent(bytes)} of the bytes: ${verdict(least.ratios.bytes <= bytes)}, ${found}`];
  });
}

/** @param {boolean} isMet */
function verdict(isMet) {
  return isMet ? 'met' : 'MISSED';
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(0)} %`;
}
