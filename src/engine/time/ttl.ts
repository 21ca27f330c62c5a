/** How long something still lives, as clients are told. */

import type { Clock } from '../ports/clock.js';

/** Longest time told to a client: beyond, its own timer would overflow. */
const maxTtlSec = 2_000_000;

/** Whole seconds, at least 1; nothing for what does not expire. */
export function ttlSec(clock: Clock, expiresAtMs: number | undefined): { readonly ttlSec?: number } {
  if (expiresAtMs === undefined) return {};
  const remaining = Math.floor((expiresAtMs - clock.wallMs()) / 1_000);
  return { ttlSec: Math.min(maxTtlSec, Math.max(1, remaining)) };
}
