/** How fast one connection, and one user over all of its connections, may ask for things. */

import type { Command } from '../model/command.js';
import type { Clock } from './clock.js';
import { Counters } from './counters.js';
import type { EngineLimits } from './limits.js';
import { TokenBucket } from './token-bucket.js';

/** A burst lasts this many seconds of the long-run rate. */
const burstSec = 5;

/** The limits that the buckets enforce; one object for all connections. */
interface LimitNames {
  readonly commands: keyof EngineLimits;
  readonly publications: keyof EngineLimits;
  readonly subscribes: keyof EngineLimits;
}

const ofConnection: LimitNames = {
  commands: 'commandsPerSec',
  publications: 'publicationsPerSec',
  subscribes: 'subscribesPerSec',
};

const ofUser: LimitNames = {
  commands: 'commandsPerSecPerUser',
  publications: 'publicationsPerSecPerUser',
  subscribes: 'subscribesPerSecPerUser',
};

/** Three buckets: everything, publications, subscribes. A rate of 0 has no limit and no bucket. */
export class Rates {
  readonly #names: LimitNames;
  readonly #counters: Counters;
  readonly #commands: TokenBucket | undefined;
  readonly #publications: TokenBucket | undefined;
  readonly #subscribes: TokenBucket | undefined;

  private constructor(
    names: LimitNames,
    counters: Counters,
    commands: TokenBucket | undefined,
    publications: TokenBucket | undefined,
    subscribes: TokenBucket | undefined,
  ) {
    this.#names = names;
    this.#counters = counters;
    this.#commands = commands;
    this.#publications = publications;
    this.#subscribes = subscribes;
  }

  static ofConnection(limits: EngineLimits, clock: Clock, counters: Counters): Rates {
    const nowMs = clock.nowMs();
    return new Rates(
      ofConnection,
      counters,
      bucket(limits.commandsPerSec, limits.commandBurst, nowMs),
      bucket(limits.publicationsPerSec, limits.publicationsPerSec * burstSec, nowMs),
      // A client subscribes to all of its channels when it connects.
      bucket(limits.subscribesPerSec, limits.subscribesPerSec * burstSec + limits.maxChannelsPerConnection, nowMs),
    );
  }

  static ofUser(limits: EngineLimits, clock: Clock, counters: Counters): Rates {
    const nowMs = clock.nowMs();
    return new Rates(
      ofUser,
      counters,
      bucket(limits.commandsPerSecPerUser, limits.commandsPerSecPerUser * burstSec, nowMs),
      bucket(limits.publicationsPerSecPerUser, limits.publicationsPerSecPerUser * burstSec, nowMs),
      bucket(limits.subscribesPerSecPerUser, limits.subscribesPerSecPerUser * burstSec, nowMs),
    );
  }

  /** Counts a control frame of the transport. */
  takeControl(nowMs: number): ReturnType<TokenBucket['take']> {
    const taken = this.#commands?.take(nowMs) ?? 'ok';
    if (taken !== 'ok') Counters.add(this.#counters.rateLimited, this.#names.commands);
    return taken;
  }

  /** Counts a command. `over`: refuse it with 111. `flood`: refusing is not enough. */
  take(kind: Command['kind'], nowMs: number): ReturnType<TokenBucket['take']> {
    const overall = this.takeControl(nowMs);
    if (overall !== 'ok') return overall;
    // Only the flood of everything closes: retries of what was refused are in it.
    if (kind === 'publish') return this.#takeOf(this.#publications, this.#names.publications, nowMs);
    if (kind === 'subscribe') return this.#takeOf(this.#subscribes, this.#names.subscribes, nowMs);
    return 'ok';
  }

  #takeOf(taken: TokenBucket | undefined, limit: keyof EngineLimits, nowMs: number): 'ok' | 'over' {
    if (taken === undefined || taken.tryTake(nowMs)) return 'ok';
    Counters.add(this.#counters.rateLimited, limit);
    return 'over';
  }
}

function bucket(perSec: number, burst: number, nowMs: number): TokenBucket | undefined {
  return perSec === 0 ? undefined : new TokenBucket(perSec, burst, nowMs);
}
