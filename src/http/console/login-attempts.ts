/** Limits how fast passwords can be guessed: for each address, and for all together. */

import type { Clock } from '../../engine/ports/clock.js';
import { TokenBucket } from '../../engine/time/token-bucket.js';
import { setNewest } from '../../model/set-newest.js';

/** For one address: so many at once, then one in ten seconds. */
const perAddress = { perSec: 0.1, burst: 10 } as const;
/** For all: an attacker may have many addresses. */
const overall = { perSec: 1, burst: 100 } as const;
/** Addresses that are remembered; the oldest is forgotten first. */
const maxAddresses = 10_000;

/** When to try again, in seconds. */
export const retryAfterSec = 10;

export class LoginAttempts {
  readonly #byAddress = new Map<string, TokenBucket>();
  readonly #all: TokenBucket;

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {
    this.#all = new TokenBucket(overall.perSec, overall.burst, clock.nowMs());
  }

  /** Counts one more. @returns whether it may go on */
  admit(address: string): boolean {
    const nowMs = this.clock.nowMs();
    const known = this.#byAddress.get(address) ?? new TokenBucket(perAddress.perSec, perAddress.burst, nowMs);
    setNewest(this.#byAddress, address, known, maxAddresses);
    return known.tryTake(nowMs) && this.#all.tryTake(nowMs);
  }
}
