/** Says why somebody was refused, so that the log is complete and nobody can flood it. */

import type { RefusalLine } from '../../model/refusal-line.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';

/** Of one key at once; later ones are counted. */
const defaultLinesAMinute = 1;
/** Of what the code or the data of one client causes: enough to see one's own client among others. */
export const clientLinesAMinute = 10;
const periodMs = 60_000;
/** Of one check. Beyond, keys that nobody knows yet share one budget. */
const maxKeys = 500;
/** No key is empty. */
const othersKey = '';

interface Budget {
  readonly sinceMs: number;
  lines: number;
  /** Refusals without a line. */
  unsaid: number;
}

export class RefusalLog {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #log: Logger;
  /** By check, then by key; the oldest first. */
  readonly #budgets = new Map<string, Map<string, Budget>>();

  constructor(clock: Pick<Clock, 'nowMs'>, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * @param linesAMinute for each key. The first line after a pause says how many there were without one.
   * @returns whether there was a line
   */
  tell(
    { check, key = check, fields, message, level = 'warn' }: RefusalLine,
    linesAMinute = defaultLinesAMinute,
  ): boolean {
    const unsaid = this.#take(check, key, linesAMinute);
    if (unsaid === undefined) return false;
    const text = typeof message === 'string' ? message : message();
    this.#log[level]({ check, ...fields, ...(unsaid > 0 && { unsaid }) }, text);
    return true;
  }

  /** `undefined`: no line. Otherwise how many have gone unsaid before it. */
  #take(check: string, key: string, linesAMinute: number): number | undefined {
    const budgets = this.#budgets.get(check) ?? new Map<string, Budget>();
    this.#budgets.set(check, budgets);
    const nowMs = this.#clock.nowMs();
    const known = budgets.has(key) || hasRoom(budgets, nowMs) ? key : othersKey;
    const budget = budgets.get(known);
    if (budget === undefined || nowMs - budget.sinceMs >= periodMs) {
      // Put in anew, so that the oldest stay first.
      budgets.delete(known);
      budgets.set(known, { sinceMs: nowMs, lines: 1, unsaid: 0 });
      return budget?.unsaid ?? 0;
    }
    if (budget.lines < linesAMinute) {
      budget.lines++;
      return 0;
    }
    budget.unsaid++;
    return undefined;
  }
}

/** Whether one more key can be remembered; forgets the oldest whose time is over. */
function hasRoom(budgets: Map<string, Budget>, nowMs: number): boolean {
  for (const [key, { sinceMs }] of budgets) {
    if (budgets.size < maxKeys || nowMs - sinceMs < periodMs) break;
    // What has gone unsaid of the others is told with their next line.
    if (key !== othersKey) budgets.delete(key);
  }
  return budgets.size < maxKeys;
}
