/** The subscriptions of one session: how they end, and how a client's own one replaces a server-side one. */

import type { ChannelName } from '../../model/channel-name.js';
import { type Disconnect, disconnectCodes, type Unsubscribe, unsubscribeCodes } from '../../model/codes.js';
import type { ClientInfo } from '../../model/publication.js';
import type { Push } from '../../model/push.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { Hub } from '../fanout/hub.js';
import type { Outbox } from '../fanout/outbox.js';
import type { OwnKeys } from '../fanout/own-keys.js';
import type { Presence } from '../fanout/presence.js';
import type { Subscription, SubscriptionOwner } from '../fanout/subscription.js';
import type { ConnectedClient } from '../ports/authenticator.js';
import type { Clock } from '../ports/clock.js';
import { Counters } from '../ports/counters.js';
import type { EngineLimits } from '../ports/limits.js';
import type { Notifier } from '../ports/observer.js';
import type { Deadlines } from '../time/deadlines.js';
import { newTokenTimeMs } from '../time/ttl.js';
import { expired, stateLost } from './close-lines.js';
import { SubscriptionSet } from './subscription-set.js';

/** What subscriptions are removed from, and what is notified. */
export interface SubscriptionPorts {
  readonly clock: Clock;
  readonly limits: EngineLimits;
  readonly counters: Counters;
  readonly notifier: Notifier;
  readonly hub: Hub;
  readonly presence: Presence;
  readonly ownKeys: OwnKeys;
  readonly deadlines: Deadlines;
}

/** The session that owns the subscriptions. */
interface SubscribedSession extends ConnectedClient {
  readonly outbox: Outbox;
  readonly clientInfo: ClientInfo;
  readonly presenceTtlMs: number;
  push(push: Push): void;
  /** Logs what is wrong with this client. */
  explain(why: RefusalLine, code?: number): void;
  close(disconnect: Disconnect, why: RefusalLine): void;
  /** At the end of the turn, since the list of subscribers must not change during a fan-out. */
  closeSoon(disconnect: Disconnect, why: RefusalLine): void;
  /** The subscription has expired, and its rule has a function that may renew it. */
  renewSubscription(subscription: Subscription): void;
  /** The channel's rule is not the one under which the subscription was granted. */
  settleRuleChange(subscription: Subscription): void;
}

export class SessionSubscriptions extends SubscriptionSet implements SubscriptionOwner {
  readonly #session: SubscribedSession;
  readonly #ports: SubscriptionPorts;
  /** Server-side subscriptions that are about to be replaced, by the client's own subscription to the same channel. */
  #replaced: Map<Subscription, Subscription> | undefined;

  constructor(session: SubscribedSession, ports: SubscriptionPorts) {
    super();
    this.#session = session;
    this.#ports = ports;
  }

  get outbox(): Outbox {
    return this.#session.outbox;
  }

  get clientInfo(): ClientInfo {
    return this.#session.clientInfo;
  }

  get presenceTtlMs(): number {
    return this.#session.presenceTtlMs;
  }

  /** The server-side subscription continues, out of this set, until the client's is established. */
  addInPlaceOf(held: Subscription, subscription: Subscription): void {
    this.delete(held);
    this.#replaced ??= new Map();
    this.#replaced.set(subscription, held);
    this.add(subscription);
  }

  /**
   * Ends the server-side subscription in favour of the client's. For everybody else the client was there all the time.
   * Returns the one that was replaced.
   */
  replace(subscription: Subscription): Subscription | undefined {
    const replaced = this.#takeReplaced(subscription);
    if (replaced !== undefined) this.#leave(replaced, unsubscribeCodes.client);
    return replaced;
  }

  /** Removes all traces of a subscription that was not established: refused, failed or overtaken. */
  takeBack(subscription: Subscription): void {
    if (subscription.isEstablished) return;
    this.delete(subscription);
    this.#putBack(subscription);
    this.#ports.hub.leave(subscription);
    this.#ports.presence.withdrawn(subscription);
  }

  /** Ends a subscription and tells the client, unless the client has asked for it. */
  unsubscribe(subscription: Subscription, unsubscribe: Unsubscribe): void {
    if (this.get(subscription.channel) !== subscription) return;
    const isByClient = unsubscribe.code < unsubscribeCodes.server.code;
    const wasTold = subscription.isEstablished || this.#replaced?.get(subscription)?.isEstablished === true;
    this.delete(subscription);
    if (isByClient) this.#putBack(subscription);
    this.#end(subscription, unsubscribe);
    if (isByClient || !wasTold) return;
    Counters.add(this.#ports.counters.unsubscribesByCode, unsubscribe.code);
    this.#session.push({ kind: 'unsubscribe', channel: subscription.channel, unsubscribe });
  }

  /** Ends all subscriptions when the client has gone. */
  endAll(): void {
    for (const subscription of this) this.#end(subscription, unsubscribeCodes.disconnect);
    this.clear();
  }

  loseState(subscription: Subscription, why?: RefusalLine): void {
    // A client recovers its own subscriptions one by one, but server-side ones only with the whole connection.
    if (subscription.serverSide) {
      this.#session.closeSoon(disconnectCodes.insufficientState, why ?? stateLost(subscription));
      return;
    }
    if (why !== undefined) this.#session.explain(why, unsubscribeCodes.insufficientState.code);
    this.unsubscribe(subscription, unsubscribeCodes.insufficientState);
  }

  /** Sets or postpones a subscription's expiry according to its grant. */
  limitTime(subscription: Subscription): void {
    const { clock, limits, deadlines } = this.#ports;
    const { expiresAtMs, clientRefresh } = subscription;
    const leftMs = expiresAtMs === undefined ? undefined : expiresAtMs - clock.wallMs();
    const mayRenew = leftMs !== undefined && clientRefresh;
    const delayMs = mayRenew ? newTokenTimeMs(leftMs, 0, limits) : leftMs;
    subscription.expireIn(delayMs, deadlines);
  }

  subscriptionExpired(subscription: Subscription): void {
    if (subscription.serverSide) {
      const line = expired('a subscription of its token or of auth', 'auth');
      this.#session.close(disconnectCodes.subscriptionExpired, line);
    } else if (subscription.rule.renew !== undefined && !subscription.clientRefresh) {
      this.#session.renewSubscription(subscription);
    } else this.unsubscribe(subscription, unsubscribeCodes.expired);
  }

  ruleChanged(subscription: Subscription): void {
    this.#session.settleRuleChange(subscription);
  }

  currentSubscription(channel: ChannelName): Subscription | undefined {
    return this.get(channel);
  }

  /** The server-side subscription continues, since the one that would have replaced it was not established. */
  #putBack(subscription: Subscription): void {
    const replaced = this.#takeReplaced(subscription);
    if (replaced?.isEnded === false) this.add(replaced);
  }

  #takeReplaced(subscription: Subscription): Subscription | undefined {
    const replaced = this.#replaced?.get(subscription);
    if (this.#replaced?.delete(subscription) && this.#replaced.size === 0) this.#replaced = undefined;
    return replaced;
  }

  #end(subscription: Subscription, why: Unsubscribe): void {
    const wasEstablished = subscription.isEstablished;
    this.#leave(subscription, why);
    const replaced = this.#takeReplaced(subscription);
    if (replaced !== undefined) this.#end(replaced, why);
    if (!wasEstablished) return;
    this.#ports.presence.left(subscription);
    if (subscription.rule.map !== undefined) this.#ports.ownKeys.left(subscription);
    this.#ports.notifier.notify('unsubscribed', this.#session, subscription.channel, why);
  }

  #leave(subscription: Subscription, why: Unsubscribe): void {
    subscription.expireIn(undefined, this.#ports.deadlines);
    this.#ports.hub.leave(subscription, why);
  }
}
