/** How fast one connection, and one user over all of its connections, may send commands. */

import type { Command } from '../../model/command.js';
import { Counters } from '../ports/counters.js';
import { burstSec, type EngineLimits, type LimitName } from '../ports/limits.js';
import { type RateLimit, tokensLeft, withOneTaken } from '../time/token-bucket.js';

/** A rate with the name of the option that sets it. */
interface NamedLimit extends RateLimit {
  readonly name: LimitName;
}

/** The limits, one object for all connections or users. An absent one does not limit. */
export interface RatePlan {
  readonly counters: Counters;
  /** A connection is not closed for what the user's other connections do. */
  readonly closesFloods: boolean;
  readonly commands: NamedLimit | undefined;
  readonly publications: NamedLimit | undefined;
  readonly subscribes: NamedLimit | undefined;
}

export function ratesOfConnection(limits: EngineLimits, counters: Counters): RatePlan {
  const { publicationsPerSec, subscribesPerSec, maxChannelsPerConnection } = limits;
  return {
    counters,
    closesFloods: true,
    commands: limit(limits, 'commandsPerSec', limits.commandBurst),
    publications: limit(limits, 'publicationsPerSec', publicationsPerSec * burstSec),
    // A client subscribes to all of its channels when it connects.
    subscribes: limit(limits, 'subscribesPerSec', subscribesPerSec * burstSec + maxChannelsPerConnection),
  };
}

export function ratesOfUser(limits: EngineLimits, counters: Counters): RatePlan {
  return {
    counters,
    closesFloods: false,
    commands: limit(limits, 'commandsPerSecPerUser', limits.commandsPerSecPerUser * burstSec),
    publications: limit(limits, 'publicationsPerSecPerUser', limits.publicationsPerSecPerUser * burstSec),
    subscribes: limit(limits, 'subscribesPerSecPerUser', limits.subscribesPerSecPerUser * burstSec),
  };
}

export function isSamePlan(one: RatePlan, other: RatePlan): boolean {
  return (['commands', 'publications', 'subscribes'] as const).every(
    (kind) => one[kind]?.perSec === other[kind]?.perSec && one[kind]?.burst === other[kind]?.burst,
  );
}

/** Whether the plan limits anything. */
export function hasLimits({ commands, publications, subscribes }: RatePlan): boolean {
  return commands !== undefined || publications !== undefined || subscribes !== undefined;
}

function limit(
  limits: EngineLimits,
  name: 'commandsPerSec' | 'publicationsPerSec' | 'subscribesPerSec' | (`${string}PerSecPerUser` & LimitName),
  burst: number,
): NamedLimit | undefined {
  const perSec = limits[name];
  return perSec === 0 ? undefined : { name, perSec, burst };
}

/** A rate that was exceeded. `isFlood`: so far that the connection must be closed. */
export interface Excess {
  readonly limit: NamedLimit;
  readonly isFlood: boolean;
}

/** Three buckets: all commands, publications, subscribes. Each is one number, since every connection has them. */
export class Rates {
  readonly #plan: RatePlan;
  #commandsFullAtMs = 0;
  #publicationsFullAtMs = 0;
  #subscribesFullAtMs = 0;

  constructor(plan: RatePlan) {
    this.#plan = plan;
  }

  /** Counts a control frame of the transport. */
  takeControl(nowMs: number): Excess | undefined {
    const { commands, counters, closesFloods } = this.#plan;
    if (commands === undefined) return undefined;
    const left = tokensLeft(commands, this.#commandsFullAtMs, nowMs) - 1;
    this.#commandsFullAtMs = withOneTaken(commands, this.#commandsFullAtMs, nowMs);
    if (left >= 0) return undefined;
    Counters.add(counters.rateLimited, commands.name);
    return { limit: commands, isFlood: closesFloods && left <= -commands.burst };
  }

  /** Counts a command. */
  take(kind: Command['kind'], nowMs: number): Excess | undefined {
    const overall = this.takeControl(nowMs);
    if (overall !== undefined) return overall;
    const { publications, subscribes } = this.#plan;
    if (kind === 'publish' && publications !== undefined) {
      if (!this.#hasOne(publications, this.#publicationsFullAtMs, nowMs))
        return { limit: publications, isFlood: false };
      this.#publicationsFullAtMs = withOneTaken(publications, this.#publicationsFullAtMs, nowMs);
    }
    if (kind === 'subscribe' && subscribes !== undefined) {
      if (!this.#hasOne(subscribes, this.#subscribesFullAtMs, nowMs)) return { limit: subscribes, isFlood: false };
      this.#subscribesFullAtMs = withOneTaken(subscribes, this.#subscribesFullAtMs, nowMs);
    }
    return undefined;
  }

  /** Refusals here take no token: only the bucket of all commands closes floods, and it counts retries. */
  #hasOne(named: NamedLimit, fullAtMs: number, nowMs: number): boolean {
    if (tokensLeft(named, fullAtMs, nowMs) >= 1) return true;
    Counters.add(this.#plan.counters.rateLimited, named.name);
    return false;
  }
}
