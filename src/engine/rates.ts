/** How fast one connection, and one user over all of its connections, may ask for things. */

import type { Command } from '../model/command.js';
import type { Clock } from './clock.js';
import type { EngineLimits } from './limits.js';
import { TokenBucket } from './token-bucket.js';

/** A burst lasts this many seconds of the long-run rate. */
const burstSec = 5;

/** Three buckets: everything, publications, subscribes. A rate of 0 has no limit and no bucket. */
export class Rates {
  readonly #commands: TokenBucket | undefined;
  readonly #publications: TokenBucket | undefined;
  readonly #subscribes: TokenBucket | undefined;

  private constructor(
    commands: TokenBucket | undefined,
    publications: TokenBucket | undefined,
    subscribes: TokenBucket | undefined,
  ) {
    this.#commands = commands;
    this.#publications = publications;
    this.#subscribes = subscribes;
  }

  static ofConnection(limits: EngineLimits, clock: Clock): Rates {
    const nowMs = clock.nowMs();
    return new Rates(
      bucket(limits.commandsPerSec, limits.commandBurst, nowMs),
      bucket(limits.publicationsPerSec, limits.publicationsPerSec * burstSec, nowMs),
      // A client subscribes to all of its channels when it connects.
      bucket(limits.subscribesPerSec, limits.subscribesPerSec * burstSec + limits.maxChannelsPerConnection, nowMs),
    );
  }

  static ofUser(limits: EngineLimits, clock: Clock): Rates {
    const nowMs = clock.nowMs();
    return new Rates(
      bucket(limits.commandsPerSecPerUser, limits.commandsPerSecPerUser * burstSec, nowMs),
      bucket(limits.publicationsPerSecPerUser, limits.publicationsPerSecPerUser * burstSec, nowMs),
      bucket(limits.subscribesPerSecPerUser, limits.subscribesPerSecPerUser * burstSec, nowMs),
    );
  }

  /** Counts a control frame of the transport. */
  takeControl(nowMs: number): ReturnType<TokenBucket['take']> {
    return this.#commands?.take(nowMs) ?? 'ok';
  }

  /** Counts a command. `over`: refuse it with 111. `flood`: refusing is not enough. */
  take(kind: Command['kind'], nowMs: number): ReturnType<TokenBucket['take']> {
    const overall = this.takeControl(nowMs);
    if (overall !== 'ok') return overall;
    const ofKind = kind === 'publish' ? this.#publications : kind === 'subscribe' ? this.#subscribes : undefined;
    // Only the flood of everything closes: retries of what was refused are in it.
    return (ofKind?.tryTake(nowMs) ?? true) ? 'ok' : 'over';
  }
}

function bucket(perSec: number, burst: number, nowMs: number): TokenBucket | undefined {
  return perSec === 0 ? undefined : new TokenBucket(perSec, burst, nowMs);
}
