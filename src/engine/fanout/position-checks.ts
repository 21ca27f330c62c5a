/**
 * Finds channels whose publications were missed unnoticed, because the way from the broker to this node was interrupted
 * or silent, and tells their subscribers (G2).
 */

import type { ChannelName } from '../../model/channel-name.js';
import type { Position } from '../../model/position.js';
import { type Broker, historyOf } from '../ports/broker.js';
import type { Cancel, Clock, Random } from '../ports/clock.js';
import type { Counters } from '../ports/counters.js';
import type { Logger } from '../ports/logger.js';
import { pause } from '../time/pause.js';
import { withTimeLimit } from '../time/time-limit.js';
import type { Hub } from './hub.js';
import type { HubChannel } from './hub-channel.js';
import type { Interest } from './interest.js';

/** Interval of checks of all channels. With the limits below it keeps the 20 s of G2. */
const intervalMs = 9_000;
/** Longest wait for the broker to tell a stream's position. */
const readLimitMs = 4_000;
/** How long publications may be in transit. */
const settleMs = 3_000;
/** After this time without an answer of the broker, a channel's position is no longer trusted. */
const maxDoubtMs = 14_000;
const retryMs = 1_000;
/** Number of concurrent questions. */
const concurrency = 64;

interface PositionCheckParts {
  readonly broker: Broker;
  readonly hub: Hub;
  readonly interest: Interest;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly log: Logger;
}

export class PositionChecks {
  readonly #parts: PositionCheckParts;
  /** Channels that the broker did not answer for, with the time up to which they were known to be complete. */
  readonly #doubts = new Map<ChannelName, number>();
  #allWellAtMs: number;
  #round: Cancel | undefined;
  #retry: Cancel | undefined;
  #isClosed = false;

  constructor(parts: PositionCheckParts) {
    this.#parts = parts;
    this.#allWellAtMs = parts.clock.nowMs();
    parts.hub.interrupted = (channels) => {
      void this.#check(this.#named(channels), false);
    };
  }

  /** Checks nothing for a broker that loses nothing. */
  start(): void {
    this.#allWellAtMs = this.#parts.clock.nowMs();
    const { probe, history, losesNothing } = this.#parts.broker;
    if (probe !== undefined && history !== undefined && losesNothing !== true) this.#scheduleRound();
  }

  close(): void {
    this.#isClosed = true;
    this.#round?.();
    this.#retry?.();
    this.#doubts.clear();
  }

  #scheduleRound(): void {
    const { clock, random, hub } = this.#parts;
    this.#round = clock.schedule(
      () => {
        const startedMs = clock.nowMs();
        this.#check(hub.tracked(), true).finally(() => {
          this.#allWellAtMs = startedMs;
          if (!this.#isClosed) this.#scheduleRound();
        });
      },
      intervalMs * (0.9 + random.unit() / 5),
    );
  }

  #scheduleRetry(): void {
    if (this.#isClosed || this.#retry !== undefined || this.#doubts.size === 0) return;
    this.#retry = this.#parts.clock.schedule(() => {
      this.#retry = undefined;
      void this.#check(this.#named([...this.#doubts.keys()]), true);
    }, retryMs);
  }

  /** @param isWedged whether a gap means that the subscription at the broker is dead: no interruption was reported */
  async #check(channels: Iterable<HubChannel>, isWedged: boolean): Promise<void> {
    const queue = [...channels];
    const behind: { readonly channel: HubChannel; readonly top: Position }[] = [];
    const ask = async () => {
      for (let channel = queue.pop(); channel !== undefined; channel = queue.pop()) {
        const top = await this.#topOf(channel);
        if (this.#isClosed) return;
        if (top === undefined) this.#doubt(channel);
        else {
          this.#doubts.delete(channel.name);
          if (!hasReached(channel.position, top)) behind.push({ channel, top });
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, queue.length) }, ask));
    if (behind.length > 0) {
      await this.#settled();
      for (const { channel, top } of behind) {
        if (!hasReached(channel.position, top)) this.#lose(channel, isWedged);
      }
    }
    this.#scheduleRetry();
  }

  async #topOf({ name, rule }: HubChannel): Promise<Position | undefined> {
    const { broker, clock } = this.#parts;
    try {
      const page = historyOf(broker, rule)?.read(name, { limit: 0, reverse: false });
      return page && (await withTimeLimit(clock, readLimitMs, 'position check', page)).top;
    } catch {
      // The channel becomes doubtful; the broker logs the reason.
      return undefined;
    }
  }

  /** Resolves when earlier publications have arrived, or will not arrive. */
  async #settled(): Promise<void> {
    const { broker, clock } = this.#parts;
    const time = pause(clock, settleMs);
    const roundTrip = broker.probe?.().catch(() => time);
    await Promise.race([time, roundTrip]);
  }

  #doubt(channel: HubChannel): void {
    const { clock } = this.#parts;
    const sinceMs = this.#doubts.get(channel.name) ?? this.#allWellAtMs;
    if (clock.nowMs() - sinceMs < maxDoubtMs) {
      this.#doubts.set(channel.name, sinceMs);
      return;
    }
    this.#doubts.delete(channel.name);
    this.#lose(channel, false);
  }

  #lose(channel: HubChannel, isWedged: boolean): void {
    if (channel.position === undefined) return;
    const { interest, counters, log } = this.#parts;
    counters.holesFound++;
    log.warn({ channel: channel.name }, 'publications may have been missed: the subscribers of the channel are told');
    if (isWedged) interest.renew(channel.name);
    channel.loseState();
  }

  /** Channels without subscribers are left out. */
  #named(names: readonly ChannelName[] | undefined): HubChannel[] {
    const { hub } = this.#parts;
    const tracked = [...hub.tracked()];
    if (names === undefined) return tracked;
    const wanted = new Set(names);
    for (const name of this.#doubts.keys()) if (hub.position(name) === undefined) this.#doubts.delete(name);
    return tracked.filter(({ name }) => wanted.has(name));
  }
}

function hasReached(position: Position | undefined, top: Position): boolean {
  return position === undefined || (position.epoch === top.epoch && position.offset >= top.offset);
}
