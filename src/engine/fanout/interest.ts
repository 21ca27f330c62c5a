/** The channels that this node is subscribed to at the broker: few calls, never two at once for the same channel. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Broker } from '../ports/broker.js';
import type { Cancel, Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';

interface Entry {
  /** Number of holders. */
  holders: number;
  /** Settles with the last call to the broker. */
  ready: Promise<void>;
  subscribed: boolean;
}

/**
 * A channel without holders stays subscribed for a while, so that clients that come and go, or flood, cost at most one
 * call each way per linger time.
 */
export class Interest {
  readonly #entries = new Map<ChannelName, Entry>();
  readonly #idle = new Set<ChannelName>();
  #sweep: Cancel | undefined;

  constructor(
    private readonly broker: Pick<Broker, 'subscribe' | 'unsubscribe'>,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Read at each use. */
    private readonly limits: { readonly brokerLingerMs: number },
  ) {}

  /** Channels that are subscribed or about to be. */
  get size(): number {
    return this.#entries.size;
  }

  /** Resolves when the node gets the channel's publications. One {@link release} must follow, also after a failure. */
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

  /** Subscribes again, if the subscription at the broker has stopped delivering. The next {@link hold} waits for it. */
  renew(channel: ChannelName): void {
    const entry = this.#entries.get(channel);
    if (entry === undefined || !entry.subscribed) return;
    entry.ready = entry.ready
      .then(() => this.broker.unsubscribe(channel))
      .catch((error: unknown) => this.log.warn({ err: error }, 'broker unsubscribe failed'));
    this.#subscribe(channel, entry);
  }

  /** Forgets all channels when the broker is closed. */
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
        // Callers that waited for the earlier call have got its failure.
      })
      .then(() => this.broker.subscribe(channel));
    entry.ready.catch(() => {
      // Callers that wait get the failure; the next holder tries again.
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
          // Not during a subscribe, even without holders: the next sweep must find it.
          if (entry.holders === 0 && !entry.subscribed) this.#entries.delete(channel);
        });
    }
    this.#idle.clear();
  }
}
