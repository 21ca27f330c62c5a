/**
 * Cancels streams that nobody reads for as long as their rule says, whoever writes them: a program on this node, a client, or
 * a producer over HTTP. The node that hears a producer looks; if there are several, the first that is sure cancels.
 */

import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Cancel, Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Rule } from './rule.js';

export interface AlonePorts {
  readonly clock: Clock;
  /** On all nodes; `undefined` if not all of them have said. May reject. */
  readonly numSubscribers: (channel: ChannelName) => Promise<number | undefined>;
  /** May reject; with an error that is not retryable if the stream has ended or is forgotten. */
  readonly cancel: (channel: ChannelName, rule: Rule, id: string) => Promise<unknown>;
  readonly log: Pick<Logger, 'info'>;
}

interface Written {
  /** When this node has heard its producer first, and last. */
  readonly sinceMs: number;
  heardMs: number;
}

/** A channel with streams that are being written. */
interface Place {
  rule: Rule;
  readonly streams: Map<string, Written>;
  /** Since when it has had no subscriber. */
  aloneSinceMs: number | undefined;
  cancelLook: Cancel;
}

export class AloneStreams {
  readonly #ports: AlonePorts;
  readonly #places = new Map<ChannelName, Place>();

  constructor(ports: AlonePorts) {
    this.#ports = ports;
  }

  /** Its producer has made a change through this node, or is alive. */
  heard(channel: ChannelName, rule: Rule, id: string): void {
    if (rule.streams?.aloneMs === undefined) {
      // The rule may have said otherwise until now.
      if (this.#places.size > 0) this.#leave(channel);
      return;
    }
    const nowMs = this.#ports.clock.nowMs();
    const place = this.#places.get(channel) ?? this.#enter(channel, rule);
    place.rule = rule;
    const written = place.streams.get(id);
    if (written === undefined) place.streams.set(id, { sinceMs: nowMs, heardMs: nowMs });
    else written.heardMs = nowMs;
  }

  /** It has ended, or is cancelled. */
  over(channel: ChannelName, id: string): void {
    const place = this.#places.get(channel);
    if (place?.streams.delete(id) && place.streams.size === 0) this.#leave(channel);
  }

  close(): void {
    for (const channel of this.#places.keys()) this.#leave(channel);
  }

  #enter(channel: ChannelName, rule: Rule): Place {
    const place: Place = { rule, streams: new Map(), aloneSinceMs: undefined, cancelLook: () => undefined };
    this.#places.set(channel, place);
    this.#schedule(channel, place);
    return place;
  }

  #leave(channel: ChannelName): void {
    this.#places.get(channel)?.cancelLook();
    this.#places.delete(channel);
  }

  #schedule(channel: ChannelName, place: Place): void {
    const { aloneMs, silenceMs } = timesOf(place.rule);
    place.cancelLook = this.#ports.clock.schedule(
      () => void this.#look(channel, place),
      Math.min(aloneMs / 4, silenceMs / 2),
    );
  }

  async #look(channel: ChannelName, place: Place): Promise<void> {
    const { clock, numSubscribers } = this.#ports;
    // Whoever does not say may have readers.
    const count = await numSubscribers(channel).catch(() => undefined);
    if (this.#places.get(channel) !== place) return;
    const nowMs = clock.nowMs();
    const { aloneMs, silenceMs } = timesOf(place.rule);
    if (count === 0) {
      place.aloneSinceMs ??= nowMs;
      await this.#cancelFrom(channel, place, nowMs);
    } else place.aloneSinceMs = undefined;
    for (const [id, { heardMs }] of place.streams) {
      // Another node hears it, or nobody does.
      if (nowMs - heardMs > aloneMs + silenceMs) this.over(channel, id);
    }
    if (this.#places.get(channel) === place) this.#schedule(channel, place);
  }

  /** Those that have been alone for long enough, and whose producers are there: one that comes back goes on. */
  async #cancelFrom(channel: ChannelName, place: Place, nowMs: number): Promise<void> {
    const { aloneMs, silenceMs } = timesOf(place.rule);
    for (const [id, { sinceMs, heardMs }] of place.streams) {
      const aloneSinceMs = Math.max(sinceMs, place.aloneSinceMs ?? nowMs);
      if (nowMs - aloneSinceMs < aloneMs || nowMs - heardMs > silenceMs) continue;
      try {
        await this.#ports.cancel(channel, place.rule, id);
        const about = { channel, stream: id, option: 'streams.stopWhenAlone', aloneMs };
        this.#ports.log.info(about, 'a stream is cancelled: nobody reads it');
      } catch (error) {
        // Otherwise the broker cannot be reached, and the next look tries again.
        if (error instanceof FanfareError && !error.retryable) this.over(channel, id);
      }
    }
  }
}

function timesOf({ streams }: Rule): { readonly aloneMs: number; readonly silenceMs: number } {
  const { aloneMs = Number.POSITIVE_INFINITY, silenceMs = 0 } = streams ?? {};
  return { aloneMs, silenceMs };
}
