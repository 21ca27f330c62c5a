/** Reads the values of commands' own flags. */

import { parseDurationMs } from '../engine/time/duration.js';
import { isRate, leastRate } from '../model/max-rate-wish.js';
import { flagText, type ParsedArguments, UsageError } from './command.js';

/** @throws UsageError if it is not a duration */
export function durationFlag(parsed: ParsedArguments, name: string, fallbackMs: number): number {
  const text = flagText(parsed, name);
  if (text === undefined) return fallbackMs;
  const ms = text === '0' ? 0 : parseDurationMs(text);
  if (ms === undefined) throw new UsageError(`--${name}: "${text}" is not a duration; write one like 30s, 1h or 7d`);
  return ms;
}

/** @throws UsageError if it is not a whole number from 1 */
export function countFlag(parsed: ParsedArguments, name: string): number | undefined {
  const text = flagText(parsed, name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new UsageError(`--${name}: "${text}" is not a whole number from 1 on`);
  }
  return count;
}

/** @throws UsageError if it is no rate that subscribers may ask for */
export function rateFlag(parsed: ParsedArguments, name: string): number | undefined {
  const text = flagText(parsed, name);
  if (text === undefined) return undefined;
  const rate = Number(text);
  if (!isRate(rate)) {
    throw new UsageError(`--${name}: "${text}" is not a number of publications per second from ${leastRate} on`);
  }
  return rate;
}

/** @throws UsageError if it is not JSON */
export function parseJsonArgument(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${name} is not JSON; a text is written with its quotes: '"hello"'`, { cause });
  }
}
