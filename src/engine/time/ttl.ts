/** Times to live as sent to clients. */

import type { Clock } from '../ports/clock.js';

/** Longest time sent to a client, whose timer would overflow beyond it. */
const maxTtlSec = 2_000_000;

/** Whole seconds, at least 1; `undefined` without an expiry. */
export function ttlSec(clock: Clock, expiresAtMs: number | undefined): { readonly ttlSec?: number } {
  if (expiresAtMs === undefined) return {};
  const remaining = Math.floor((expiresAtMs - clock.wallMs()) / 1_000);
  return { ttlSec: Math.min(maxTtlSec, Math.max(1, remaining)) };
}
