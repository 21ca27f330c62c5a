/** Which channels this node is subscribed to at the broker: few calls, never two at a time for one channel. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Broker } from '../ports/broker.js';
import type { Cancel, Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';

interface Entry {
  /** How many times it is wanted. */
  holders: number;
  /** Settles when the broker has taken the last call. */
  ready: Promise<void>;
  subscribed: boolean;
}

/**
 * A channel that nobody wants any more is kept for a while, so that clients that come and go, or flood, cost the broker
 * at most one call each per linger time.
 */
export class Interest {
  readonly #entries = new Map<ChannelName, Entry>();
  readonly #idle = new Set<ChannelName>();
  #sweep: Cancel | undefined;

  constructor(
    private readonly broker: Pick<Broker, 'subscribe' | 'unsubscribe'>,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Looked at each time. */
    private readonly limits: { readonly brokerLingerMs: number },
  ) {}

  /** Channels subscribed or about to be. */
  get size(): number {
    return this.#entries.size;
  }

  /** Resolves when the node gets the channel's publications. To be followed by one {@link release}, also on failure. */
  hold(channel: ChannelName): Promise<void> {
    const entry = this.#entries.get(channel) ?? { holders: 0, ready: Promise.resolve(), subscribed: false };
    this.#entries.set(channel, entry);
    this.#idle.delete(channel);
    entry.holders++;
    if (entry.holders === 1 && !entry.subscribed) this.#subscribe(channel, entry);
    return entry.ready;
  }

  release(channel: ChannelName): void {
    const entry = this.#entries.get(channel);
    if (entry === undefined) return;
    entry.holders--;
    if (entry.holders > 0) return;
    this.#idle.add(channel);
    this.#sweep ??= this.clock.schedule(() => this.#dropIdle(), this.limits.brokerLingerMs);
  }

  /** Subscribes again, when the subscription at the broker delivers nothing any more. The next {@link hold} waits for it. */
  renew(channel: ChannelName): void {
    const entry = this.#entries.get(channel);
    if (entry === undefined || !entry.subscribed) return;
    entry.ready = entry.ready
      .then(() => this.broker.unsubscribe(channel))
      .catch((error: unknown) => this.log.warn({ err: error }, 'broker unsubscribe failed'));
    this.#subscribe(channel, entry);
  }

  /** Forgets everything; the broker is being closed. */
  close(): void {
    this.#sweep?.();
    this.#sweep = undefined;
    this.#entries.clear();
    this.#idle.clear();
  }

  #subscribe(channel: ChannelName, entry: Entry): void {
    entry.subscribed = true;
    entry.ready = entry.ready
      .catch(() => {
        // The failure of an earlier call was told to those who waited for it.
      })
      .then(() => this.broker.subscribe(channel));
    entry.ready.catch(() => {
      // Whoever waits for it is told; the next holder tries again.
      entry.subscribed = false;
    });
  }

  #dropIdle(): void {
    this.#sweep = undefined;
    for (const channel of this.#idle) {
      const entry = this.#entries.get(channel);
      if (entry === undefined || entry.holders > 0) continue;
      if (!entry.subscribed) {
        this.#entries.delete(channel);
        continue;
      }
      entry.subscribed = false;
      entry.ready = entry.ready
        .then(() => this.broker.unsubscribe(channel))
        .catch((error: unknown) => this.log.warn({ err: error }, 'broker unsubscribe failed'))
        .then(() => {
          // Not while it is being subscribed again, even if nobody holds it by now: the next sweep has to find it.
          if (entry.holders === 0 && !entry.subscribed) this.#entries.delete(channel);
        });
    }
    this.#idle.clear();
  }
}
