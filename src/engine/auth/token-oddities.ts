/** Claims that are accepted although they are probably mistakes. */

import type { RefusalLine } from '../../model/refusal-line.js';
import { cite } from './token-fault.js';

/** How much the clocks of two machines may differ. */
export const clockToleranceSec = 10;

const dates = ['exp', 'expire_at', 'iat'] as const;

/** Whether a date in seconds lies in the far future, and today if it is read as milliseconds. */
export function looksLikeMs(numericDate: number): boolean {
  return numericDate > 100_000_000_000;
}

/** @param payload of a token whose signature is right */
export function odditiesOf(payload: Readonly<Record<string, unknown>>, nowMs: number): RefusalLine[] {
  const lines: RefusalLine[] = [];
  for (const claim of dates) {
    const value = payload[claim];
    const what = typeof value === 'number' ? oddityOf(claim, value, nowMs) : undefined;
    if (what === undefined) continue;
    const effect = claim === 'iat' ? 'it can hardly be revoked by its time' : 'it never expires';
    const message = `token accepted, but ${claim} is ${what}; ${effect}`;
    lines.push({ check: 'token date', key: claim, fields: { claim }, message });
  }
  return lines;
}

function oddityOf(claim: string, value: number, nowMs: number): string | undefined {
  if (looksLikeMs(value)) return `${cite(value)}: milliseconds, it seems, where seconds are due`;
  const aheadSec = Math.ceil(value - nowMs / 1_000);
  // RFC 7519 4.1.6 does not permit to refuse a token for it.
  return claim === 'iat' && aheadSec > clockToleranceSec
    ? `${aheadSec} s ahead of this server's clock: that of whoever made it is wrong, or this one`
    : undefined;
}
