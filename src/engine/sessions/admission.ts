/** Decides whether to admit one more connection, before anything is spent on it (decision D9). */

import type { Clock } from '../ports/clock.js';
import type { EngineLimits } from '../ports/limits.js';
import { TokenBucket } from '../time/token-bucket.js';

/** The reason, and the number of seconds after which to try again. */
interface Rejection {
  readonly reason: 'connections' | 'connections-per-address' | 'connects-per-second';
  readonly retryAfterSec: number;
}

/** The limits that admission checks. */
type Limits = Pick<EngineLimits, 'maxConnections' | 'maxConnectionsPerAddress' | 'connectsPerSec' | 'connectBurst'>;

export class Admission {
  readonly #clock: Clock;
  readonly #limits: Limits;
  #bucket: TokenBucket;
  readonly #perAddress = new Map<string, number>();
  #open = 0;
  #isLeaving = false;
  #isDraining = false;
  /** Number of rejected connections, by reason. */
  readonly rejections: Record<Rejection['reason'], number> = {
    connections: 0,
    'connections-per-address': 0,
    'connects-per-second': 0,
  };

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#bucket = new TokenBucket(limits.connectsPerSec, limits.connectBurst, clock.nowMs());
  }

  /** True from the moment at which no new client should be sent here; clients that come are still admitted. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** True from the moment at which the node admits no more connections. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Announces that the node will leave. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Rejects new connections from now on. */
  drain(): void {
    this.#isLeaving = true;
    this.#isDraining = true;
  }

  /** Applies changed limits. Addresses are counted as far as the connections still know theirs. */
  limitsChanged(before: Limits, open: Iterable<{ readonly handshake: { readonly remoteAddress: string } }>): void {
    const { connectsPerSec, connectBurst, maxConnectionsPerAddress } = this.#limits;
    if (before.connectsPerSec !== connectsPerSec || before.connectBurst !== connectBurst) {
      this.#bucket = new TokenBucket(connectsPerSec, connectBurst, this.#clock.nowMs());
    }
    if ((before.maxConnectionsPerAddress === 0) === (maxConnectionsPerAddress === 0)) return;
    this.#perAddress.clear();
    if (maxConnectionsPerAddress === 0) return;
    for (const { handshake } of open) this.#count(handshake.remoteAddress);
  }

  /** `undefined`: admit it, and report it with {@link opened}. */
  check(address: string): Rejection | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    if (maxConnections > 0 && this.#open >= maxConnections) return this.#reject('connections', 10);
    if (maxConnectionsPerAddress > 0 && (this.#perAddress.get(address) ?? 0) >= maxConnectionsPerAddress) {
      return this.#reject('connections-per-address', 10);
    }
    // Clients spread their retries by their own jitter; after a second there is room again.
    return this.#bucket.tryTake(this.#clock.nowMs()) ? undefined : this.#reject('connects-per-second', 1);
  }

  opened(address: string): void {
    this.#open++;
    if (this.#limits.maxConnectionsPerAddress > 0) this.#count(address);
  }

  #count(address: string): void {
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
  }

  closed(address: string): void {
    this.#open--;
    if (this.#limits.maxConnectionsPerAddress === 0) return;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }

  #reject(reason: Rejection['reason'], retryAfterSec: number): Rejection {
    this.rejections[reason]++;
    return { reason, retryAfterSec };
  }
}
