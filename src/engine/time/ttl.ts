/** Times to live as sent to clients. */

import type { Clock } from '../ports/clock.js';

/**
 * From a grant on, a client whose token has expired already, as far as that is let pass, is told so after a second and
 * needs a moment for another.
 */
const mostForNewTokenMs = 5_000;

/** Longest time sent to a client, whose timer would overflow beyond it. */
const maxTtlSec = 2_000_000;

/** Whole seconds, at least 1; `undefined` without an expiry. */
export function ttlSec(clock: Clock, expiresAtMs: number | undefined): { readonly ttlSec?: number } {
  if (expiresAtMs === undefined) return {};
  const remaining = Math.floor((expiresAtMs - clock.wallMs()) / 1_000);
  return { ttlSec: Math.min(maxTtlSec, Math.max(1, remaining)) };
}

/**
 * How long whoever has been granted something has to bring another token, in milliseconds: the grace after its end, and from the
 * grant on a moment in any case.
 *
 * @param leftMs until the end of what was granted, negative after it
 */
export function newTokenTimeMs(
  leftMs: number,
  sinceGrantMs: number,
  { expiredGraceMs }: { readonly expiredGraceMs: number },
): number {
  return Math.max(leftMs + expiredGraceMs, Math.min(expiredGraceMs, mostForNewTokenMs) - sinceGrantMs);
}
