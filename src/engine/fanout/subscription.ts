/** One connection's subscription to one channel, from the request to its end. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Unsubscribe } from '../../model/codes.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import { nothingGranted } from '../channels/grant.js';
import type { Rule, RuleMatch } from '../channels/rule.js';
import type { Grant } from '../ports/authenticator.js';
import type { Expiring } from '../time/deadlines.js';
import type { Outbox } from './outbox.js';
import type { Variant } from './variant.js';

/** What a subscription needs from the session that owns it. */
export interface SubscriptionOwner {
  readonly outbox: Outbox;
  /** Who the subscriber is, without what belongs to one channel. */
  readonly clientInfo: ClientInfo;
  /** How long its entry in the presence of a channel lives without being renewed. */
  readonly presenceTtlMs: number;
  /** The subscription misses publications: tell the client, so that it recovers. */
  loseState(subscription: Subscription): void;
  /** What was granted has run out. */
  subscriptionExpired(subscription: Subscription): void;
  /** The rule of its channel is another one by now than that under which it was granted. */
  ruleChanged(subscription: Subscription): void;
  /** The owner's subscription to the channel by now: this one, a later one, or none. */
  currentSubscription(channel: ChannelName): Subscription | undefined;
}

/** What a live subscription needs from the channel that it is in. */
export interface FanOut {
  setVariant(subscription: Subscription, variant: Variant): void;
}

export interface SubscriptionOptions {
  /** Tell this subscriber who comes and goes. */
  readonly joinLeave: boolean;
  /** Made by the server, not asked for by the client. */
  readonly serverSide: boolean;
}

/**
 * `new`: not in the hub. `joining`: publications are buffered while history is read. `ahead`: history was ahead of the
 * live stream, which has to catch up first. `live`: in the fan-out. `ended`: not in the hub any more.
 */
type SubscriptionStage = 'new' | 'joining' | 'ahead' | 'live' | 'ended';

/** A publication that came while its subscriber was joining. */
export interface BufferedPublication {
  readonly publication: Publication;
  readonly epoch: string;
}

/** Most publications buffered for a subscriber that is joining; beyond that, history is read again. */
export const maxBufferedPublications = 1_024;

export class Subscription implements Expiring {
  stage: SubscriptionStage = 'new';
  /** Index in the channel's list of live subscribers; the hub's. */
  slot = -1;
  /** While `joining`; in the order of arrival. */
  buffer: BufferedPublication[] | undefined;
  /** The buffer was full and has been dropped. */
  overflowed = false;
  /** While `ahead`: the place up to which the subscriber has everything. */
  aheadAt: Position | undefined;
  /** Kept here so that the fan-out reaches it in one step. */
  readonly outbox: Outbox;
  /** Under which it was granted. */
  rule: Rule;
  /** Made by the server, not asked for by the client. */
  readonly serverSide: boolean;
  #asksJoinLeave: boolean;
  /** Changed by the fan-out alone while the subscription is in it. */
  variant: Variant;
  /** The fan-out that it is in while it is live. */
  fanOut: FanOut | undefined;
  /** What authorisation granted. */
  identity: Grant = nothingGranted;
  /** The client itself brings new tokens before the subscription expires. */
  clientRefresh = false;
  /** Bucket of its expiry, when it has one. */
  deadline: number | undefined;
  /** Why it ended, once it has. */
  endedBy: Unsubscribe | undefined;
  /** The server's own subscription, live or about to be, until this one, its client's, takes its place. */
  replaces: Subscription | undefined;

  constructor(
    readonly owner: SubscriptionOwner,
    readonly channel: ChannelName,
    match: RuleMatch,
    options: SubscriptionOptions,
  ) {
    this.outbox = owner.outbox;
    this.rule = match.rule;
    this.serverSide = options.serverSide;
    this.#asksJoinLeave = options.joinLeave;
    this.variant = this.outbox.variant(options.joinLeave || match.rule.pushJoinLeave);
  }

  /** Made anew when asked for: the placeholders' values are rarely needed, and each subscription would keep its own. */
  get match(): RuleMatch {
    const { rule } = this;
    return { rule, params: rule.pattern.match(this.channel) ?? {} };
  }

  /** Unix time in milliseconds. */
  get expiresAtMs(): number | undefined {
    return this.identity.expiresAtMs;
  }

  /** Whether its client has been told that it is subscribed. */
  get isEstablished(): boolean {
    return this.stage === 'live' || this.stage === 'ahead';
  }

  /** Whether it counts in the channel's presence. */
  get countsAsPresent(): boolean {
    return this.identity.override?.presence ?? this.rule.presence;
  }

  /** Whether others are told when it comes and goes. */
  get isAnnounced(): boolean {
    return this.identity.override?.joinLeave ?? this.rule.joinLeave;
  }

  /** What it gets of the channel's history. */
  get recovery(): Rule['recovery'] {
    const { rule } = this;
    const forced = this.identity.override?.recovery;
    if (forced === undefined || rule.stream === undefined) return rule.recovery;
    if (!forced) return 'off';
    return rule.recovery === 'off' ? 'stream' : rule.recovery;
  }

  grant(identity: Grant, clientRefresh: boolean): void {
    this.identity = identity;
    this.clientRefresh = clientRefresh;
    // Nobody has asked for it there: the server's word is the only one.
    const isAgainst = this.serverSide && identity.override?.pushJoinLeave === false;
    this.askJoinLeave(this.#asksJoinLeave && !isAgainst);
  }

  /** Its client wants to be told who comes and goes, or does not any more; where that is pushed it is told anyway. */
  askJoinLeave(asks: boolean): void {
    this.#asksJoinLeave = asks;
    const joinLeave = asks || (this.identity.override?.pushJoinLeave ?? this.rule.pushJoinLeave);
    const variant = this.outbox.variant(joinLeave);
    if (this.fanOut === undefined) this.variant = variant;
    else this.fanOut.setVariant(this, variant);
  }

  /** Who the subscriber is to others in this channel. */
  get clientInfo(): ClientInfo {
    const { info } = this.identity;
    return info === undefined ? this.owner.clientInfo : { ...this.owner.clientInfo, chanInfo: info };
  }

  onDeadline(): void {
    this.owner.subscriptionExpired(this);
  }

  /** Buffers a publication while joining. */
  keep(publication: Publication, epoch: string): void {
    this.buffer ??= [];
    if (this.buffer.length < maxBufferedPublications) {
      this.buffer.push({ publication, epoch });
      return;
    }
    this.buffer = undefined;
    this.overflowed = true;
  }
}
