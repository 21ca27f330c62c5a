/** Keeps the presence store and the channels' joins and leaves consistent with the subscriptions of this node. */

import { brokerFailed, isBrokerFailure } from '../channels/refusal-lines.js';
import type { RefusalLog } from '../log/refusal-log.js';
import type { Broker, PresenceStore } from '../ports/broker.js';
import type { Logger } from '../ports/logger.js';
import type { PresenceMaps } from './presence-maps.js';
import type { Subscription } from './subscription.js';

/** A failing store is logged and not waited for: entries expire, and the next renewal restores them. */
export class Presence {
  constructor(
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

  /** Keeps a subscriber's entry from expiring. */
  renew(subscription: Subscription): void {
    const presence = this.store;
    if (!subscription.countsAsPresent || presence === undefined) return;
    this.maps.renew(subscription);
    presence
      .add(subscription.channel, subscription.clientInfo, subscription.owner.presenceTtlMs)
      .then(() => {
        // It may have ended while the store was working.
        if (subscription.isEnded) this.withdrawn(subscription);
      })
      .catch((error: unknown) => this.#failed('presence renewal failed', error));
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
