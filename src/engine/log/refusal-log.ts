/** Logs refusals, so that each reason appears and nobody can flood the log. */

import type { RefusalLine } from '../../model/refusal-line.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { RecentEvents } from './recent-events.js';

/** Lines a minute for one key; further ones are counted. */
const defaultLinesAMinute = 1;
/** For refusals that a client's code or data causes: enough to find one's own client among others. */
export const clientLinesAMinute = 10;
const periodMs = 60_000;
/** Keys of one check; further ones share one budget. */
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
  /** By check, then by key; oldest first. */
  readonly #budgets = new Map<string, Map<string, Budget>>();

  constructor(
    private readonly clock: Pick<Clock, 'nowMs'>,
    private readonly log: Logger,
    /** Gets all of them, with or without a line. */
    private readonly recent?: Pick<RecentEvents, 'refused'>,
  ) {}

  /**
   * @param linesAMinute for each key. The first line after a pause has the number of unlogged ones.
   * @param context makes fields that come before those of the line
   * @returns whether there was a line
   */
  tell(line: RefusalLine, linesAMinute = defaultLinesAMinute, context?: () => object): boolean {
    const { check, key = check, fields, message, level = 'warn' } = line;
    const about = context?.();
    this.recent?.refused(line, about);
    const unsaid = this.#take(check, key, linesAMinute);
    if (unsaid === undefined) return false;
    const text = typeof message === 'string' ? message : message();
    this.log[level]({ check, ...about, ...fields, ...(unsaid > 0 && { unsaid }) }, text);
    return true;
  }

  /** `undefined`: no line. Otherwise the number of unlogged refusals before it. */
  #take(check: string, key: string, linesAMinute: number): number | undefined {
    const budgets = this.#budgets.get(check) ?? new Map<string, Budget>();
    this.#budgets.set(check, budgets);
    const nowMs = this.clock.nowMs();
    const known = budgets.has(key) || hasRoom(budgets, nowMs) ? key : othersKey;
    const budget = budgets.get(known);
    if (budget === undefined || nowMs - budget.sinceMs >= periodMs) {
      // Inserted again, so that the oldest stay first.
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

/** Whether one more key can be remembered; removes the oldest expired ones. */
function hasRoom(budgets: Map<string, Budget>, nowMs: number): boolean {
  for (const [key, { sinceMs }] of budgets) {
    if (budgets.size < maxKeys || nowMs - sinceMs < periodMs) break;
    // The shared budget stays: its unlogged refusals are reported with its next line.
    if (key !== othersKey) budgets.delete(key);
  }
  return budgets.size < maxKeys;
}
