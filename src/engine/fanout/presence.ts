/** Keeps the presence store and the channels' joins and leaves consistent with the subscriptions of this node. */

import { brokerFailed, isBrokerFailure } from '../channels/refusal-lines.js';
import type { RefusalLog } from '../log/refusal-log.js';
import type { Broker, PresenceStore } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import { pause } from '../time/pause.js';
import type { PresenceMaps } from './presence-maps.js';
import type { Subscription } from './subscription.js';

/** Renewals that have failed are tried again after so long, since the next beat may be too late for an entry. */
const renewAgainMs = 1_000;
/** Renewals that are tried again at a time. */
const renewBatch = 256;

/** A failing store is logged and not waited for: entries expire, and are restored when the store works again. */
export class Presence {
  /** Their last renewal has failed. */
  readonly #overdue = new Set<Subscription>();
  #isRenewingAgain = false;

  constructor(
    private readonly clock: Pick<Clock, 'schedule'>,
    private readonly broker: Pick<Broker, 'announce'>,
    private readonly store: PresenceStore | undefined,
    private readonly log: Logger,
    private readonly refusals: RefusalLog,
    private readonly maps: PresenceMaps,
  ) {}

  /** The subscription is live. @param before the client's subscription that it has replaced */
  joined(subscription: Subscription, before?: Subscription): void {
    if (before?.countsAsPresent && !subscription.countsAsPresent) this.#remove(before);
    if (subscription.countsAsPresent) this.maps.joined(subscription);
    else if (before?.countsAsPresent) this.maps.left(before);
    if (subscription.isAnnounced && !before?.isAnnounced) this.#announce(subscription, 'join');
  }

  /** Keeps a subscriber's entry from expiring, in the end also if the store fails for a while. */
  async renew(subscription: Subscription): Promise<void> {
    if (!subscription.countsAsPresent || this.store === undefined) return;
    if (await this.#renewed(subscription, this.store)) this.#overdue.delete(subscription);
    else this.#overdue.add(subscription);
    if (this.#overdue.size > 0 && !this.#isRenewingAgain) void this.#renewAgain(this.store);
  }

  /** The subscription has ended. */
  left(subscription: Subscription): void {
    this.#remove(subscription);
    if (subscription.countsAsPresent) this.maps.left(subscription);
    if (subscription.isAnnounced) this.#announce(subscription, 'leave');
  }

  /** Removes the entry of a subscription that has ended, unless the client has subscribed again. */
  withdrawn(subscription: Subscription): void {
    const current = subscription.owner.currentSubscription(subscription.channel);
    if (current === undefined || current === subscription) this.#remove(subscription);
  }

  /** @returns whether the store has done it */
  async #renewed(subscription: Subscription, presence: PresenceStore): Promise<boolean> {
    const inMaps = this.maps.renew(subscription);
    try {
      await presence.add(subscription.channel, subscription.clientInfo, subscription.owner.presenceTtlMs);
      // It may have ended while the store was working.
      if (subscription.isEnded) this.withdrawn(subscription);
      return await inMaps;
    } catch (error) {
      this.#failed('presence renewal failed', error);
      return false;
    }
  }

  async #renewAgain(presence: PresenceStore): Promise<void> {
    this.#isRenewingAgain = true;
    while (this.#overdue.size > 0) {
      await pause(this.clock, renewAgainMs);
      let hasWorked = true;
      while (hasWorked && this.#overdue.size > 0) {
        const batch = this.#someOverdue();
        const renewed = await Promise.all(batch.map((one) => this.#renewed(one, presence)));
        batch.forEach((one, n) => {
          if (renewed[n] === false) this.#overdue.add(one);
        });
        hasWorked = !renewed.includes(false);
      }
    }
    this.#isRenewingAgain = false;
  }

  /** Takes out at most a batch. */
  #someOverdue(): Subscription[] {
    const some: Subscription[] = [];
    for (const one of this.#overdue) {
      if (some.length === renewBatch) break;
      this.#overdue.delete(one);
      if (!one.isEnded) some.push(one);
    }
    return some;
  }

  #remove(subscription: Subscription): void {
    const presence = this.store;
    if (!subscription.countsAsPresent || presence === undefined) return;
    presence
      .remove(subscription.channel, subscription.owner.clientInfo.client)
      .catch((error: unknown) => this.#failed('presence removal failed', error));
  }

  #announce(subscription: Subscription, event: 'join' | 'leave'): void {
    this.broker
      .announce(subscription.channel, event, subscription.clientInfo)
      .catch((error: unknown) => this.#failed(`${event} not announced`, error));
  }

  #failed(message: string, error: unknown): void {
    if (isBrokerFailure(error)) this.refusals.tell(brokerFailed(message, error));
    else this.log.warn({ err: error }, message);
  }
}
