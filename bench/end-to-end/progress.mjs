// @ts-check
/** The live view: one line that is rewritten on a terminal, otherwise one plain line per measurement. */
import { SERVER_LABELS } from './scenarios.mjs';

const BAR_CELLS = 12;

/**
 * @typedef {object} Current
 * @property {number} round
 * @property {number} rounds
 * @property {string} name of the scenario
 * @property {import('./scenarios.mjs').Scenario} scenario
 * @property {import('./scenarios.mjs').ServerName} server
 */

export class Progress {
  #out;
  #total;
  #done = 0;
  #startedMs = performance.now();
  #label = '';
  #deliveriesDue = 0;
  #last = { deliveries: 0, atMs: 0, perSec: 0 };

  /**
   * @param {NodeJS.WriteStream} out
   * @param {number} total measurements
   */
  constructor(out, total) {
    this.#out = out;
    this.#total = total;
  }

  /** @param {Current} current */
  begin({ round, rounds, name, scenario, server }) {
    this.#label = `round ${round}/${rounds} · ${name} · ${SERVER_LABELS[server]}`;
    this.#deliveriesDue =
      scenario.kind === 'idle' ? 0 : (scenario.ratePerSec * scenario.durationMs * scenario.subscribers) / 1e3;
    this.#last = { deliveries: 0, atMs: performance.now(), perSec: 0 };
  }

  /**
   * @param {string} step
   * @param {import('../shared/measure.mjs').StepProgress} progress
   */
  update(step, { opened, of, deliveries }) {
    if (!this.#out.isTTY) return;
    let share = 0;
    let detail = step;
    if (opened !== undefined && of !== undefined) {
      share = opened / of;
      detail = `${step} ${opened.toLocaleString('en')}/${of.toLocaleString('en')}`;
    } else if (deliveries !== undefined && step === 'measuring') {
      share = deliveries / this.#deliveriesDue;
      detail = `${this.#rate(deliveries).toLocaleString('en')} deliveries/s`;
    }
    this.#rewrite(`${this.#position()} ${this.#label}  ${bar(share)}  ${detail}${this.#remaining()}`);
  }

  /** @param {string} result in one line */
  end(result) {
    this.#done += 1;
    if (this.#out.isTTY) this.#rewrite('');
    this.#out.write(`${this.#position()} ${this.#label}: ${result}\n`);
  }

  #position() {
    const total = String(this.#total);
    return `[${String(this.#done).padStart(total.length)}/${total}]`;
  }

  /** @param {number} deliveries so far */
  #rate(deliveries) {
    const nowMs = performance.now();
    if (deliveries > this.#last.deliveries) {
      const perSec = Math.round((1e3 * (deliveries - this.#last.deliveries)) / (nowMs - this.#last.atMs));
      this.#last = { deliveries, atMs: nowMs, perSec };
    }
    return this.#last.perSec;
  }

  #remaining() {
    if (this.#done === 0) return '';
    const leftMs = ((performance.now() - this.#startedMs) / this.#done) * (this.#total - this.#done);
    return ` · ${Math.ceil(leftMs / 60e3)} min left`;
  }

  /** @param {string} line */
  #rewrite(line) {
    const width = this.#out.columns ?? 80;
    this.#out.write(`\r\x1b[2K${line.slice(0, width - 1)}`);
  }
}

/** @param {number} share */
function bar(share) {
  const filled = Math.round(BAR_CELLS * Math.min(1, Math.max(0, share)));
  return '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
}
