// @ts-check
/** The result as Markdown: a table for each load. */
import { median } from '../shared/figures.mjs';
import { LOADS } from './loads.mjs';
import { ratiosOf } from './ratios.mjs';
import { optionsText } from './rows.mjs';

/** @typedef {{ server: import('./rows.mjs').ServerName, options: import('./rows.mjs').Option[], load: string, figures: import('./measure.mjs').Figures[], missing: string | null }} Measured */
/**
 * @typedef {object} Result
 * @property {string} startedAt
 * @property {ReturnType<typeof import('../shared/machine.mjs').describeMachine>} machine
 * @property {boolean} quick
 * @property {import('./measure.mjs').Size} size
 * @property {Measured[]} measured
 */

const LABELS = { fanfare: 'Fanfare', centrifugo: 'Centrifugo', socketio: 'Socket.IO' };

/** @param {Result} result */
export function renderTables({ measured, size }) {
  return Object.entries(LOADS)
    .filter(([name]) => measured.some(({ load }) => load === name))
    .map(([name, { label }]) => {
      const ofLoad = measured.filter(({ load, figures }) => load === name && figures.length > 0);
      const options = [...new Set(ofLoad.map((row) => optionsText(row.options)))];
      const servers = /** @type {(keyof typeof LABELS)[]} */ (Object.keys(LABELS));
      const cells = options.map((text) => {
        const cell = (/** @type {string} */ server) => {
          const row = ofLoad.find((each) => each.server === server && optionsText(each.options) === text);
          return row === undefined ? '–' : cellOf(row, ratiosOf(row, ofLoad), size);
        };
        return `| ${text} | ${servers.map(cell).join(' | ')} |`;
      });
      const head = `| ${name} | ${servers.map((server) => LABELS[server]).join(' | ')} |\n|---${'|---'.repeat(servers.length)}|`;
      return `${label}\n\n${head}\n${cells.join('\n')}`;
    })
    .join('\n\n');
}

/**
 * Bytes per publication and subscriber, whether it was delivered or held back, and CPU per delivery; both beside plain JSON.
 * @param {Measured} row
 * @param {import('./ratios.mjs').Ratios | undefined} ratios
 * @param {import('./measure.mjs').Size} size
 */
function cellOf({ figures, options }, ratios, { publications }) {
  const bytes = median(figures.map(({ bytesPerSubscriber }) => bytesPerSubscriber)) / publications;
  const cpuUs = median(figures.map(({ cpuUsPerDelivery }) => cpuUsPerDelivery));
  const [share, factor] =
    ratios === undefined || options.length === 0
      ? ['', '']
      : [` (${(ratios.bytes * 100).toFixed(0)} %)`, ` (${ratios.cpu.toFixed(2)}×)`];
  return `${bytes.toFixed(0)} B${share}, ${cpuUs.toFixed(1)} µs${factor}`;
}
