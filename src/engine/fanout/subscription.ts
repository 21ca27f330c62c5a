/** One connection's subscription to one channel, from the request to its end. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Unsubscribe } from '../../model/codes.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import { nothingGranted } from '../channels/grant.js';
import { rateUnder } from '../channels/max-rate.js';
import type { Rule } from '../channels/rule.js';
import type { TagFilter } from '../filters/tag-filter.js';
import type { Grant } from '../ports/authenticator.js';
import type { Deadlines, Expiring } from '../time/deadlines.js';
import type { Outbox } from './outbox.js';
import type { DeltaTerms, Variant } from './variant.js';

/** What a subscription needs from the session that owns it. */
export interface SubscriptionOwner {
  readonly outbox: Outbox;
  /** The subscriber as others see it, without what belongs to one channel. */
  readonly clientInfo: ClientInfo;
  /** How long its presence entry lives without a renewal. */
  readonly presenceTtlMs: number;
  /**
   * The subscription has missed publications: tells the client, so that it recovers.
   *
   * @param why for the log, if it is about this client alone
   */
  loseState(subscription: Subscription, why?: RefusalLine): void;
  /** The grant has expired. */
  subscriptionExpired(subscription: Subscription): void;
  /** The channel's rule is not the one under which it was granted. */
  ruleChanged(subscription: Subscription): void;
  /** The owner's current subscription to the channel: this one, a later one, or none. */
  currentSubscription(channel: ChannelName): Subscription | undefined;
}

/** What a live subscription needs from its channel. */
export interface FanOut {
  /** Adds it to the live subscribers with its rate. */
  enter(subscription: Subscription): void;
  /**
   * Afterwards its outbox has everything that has come for it, unless its connection takes no more.
   *
   * @returns whether that is so; otherwise it has to begin anew
   */
  leave(subscription: Subscription): boolean;
  /** Between these two only its variant changes. */
  takeOut(subscription: Subscription): void;
  putIn(subscription: Subscription): void;
  /** Afterwards its outbox has everything that has left for it. */
  settle(subscription: Subscription): void;
  /** Afterwards its outbox has everything that has come for it, also what would wait for a beat. */
  finish(subscription: Subscription): void;
  /** Up to where its outbox has been given everything, or what of it is for this subscriber; `undefined` without a stream. */
  positionOf(subscription: Subscription): Position | undefined;
}

export interface SubscriptionOptions {
  /** Whether this subscriber gets joins and leaves. */
  readonly joinLeave: boolean;
  /** Made by the server, not requested by the client. */
  readonly serverSide: boolean;
  /** Default: `off`. */
  readonly delta?: DeltaTerms;
  /** Whether the client can be told a number for the channel. Default: `false`. */
  readonly compact?: boolean;
  /** Which publications it gets. Default: all. */
  readonly filter?: TagFilter | undefined;
  /** Publications per second and key that the client asks for. Default: none. */
  readonly maxRate?: number | undefined;
}

/** A publication that arrived while its subscriber was joining. */
export interface BufferedPublication {
  readonly publication: Publication;
  readonly epoch: string;
}

type OwnStage =
  /** Not in the hub. */
  | { name: 'new' }
  /** Publications are buffered, in the order of arrival, while history is read. */
  | { name: 'joining'; buffer: BufferedPublication[]; hasOverflowed: boolean }
  /** The same behind the reply: its client has been given everything up to `at`, and gets more of the history. */
  | { name: 'recovering'; at: Position; buffer: BufferedPublication[]; hasOverflowed: boolean }
  /** History was ahead of the live stream, which has to reach `at`: the subscriber has everything up to there. */
  | { name: 'ahead'; at: Position }
  /** In the fan-out. `slot` is its index in the list of its variant. */
  | { name: 'live'; fanOut: FanOut; slot: number }
  /** No longer in the hub. `why` is absent if it was never established. */
  | { name: 'ended'; why: Unsubscribe | undefined };

/** The progress of a subscription. Changed by its own methods, which the hub calls. */
export type Stage = Readonly<OwnStage>;

const unborn: Stage = { name: 'new' };

/** Most publications buffered for a subscriber that is joining; beyond that, history is read again. */
export const maxBufferedPublications = 1_024;

export class Subscription implements Expiring {
  #stage: OwnStage = unborn;
  /** Kept here so that the fan-out reaches it in one step. */
  readonly outbox: Outbox;
  #rule: Rule;
  /** Made by the server, not requested by the client. */
  readonly serverSide: boolean;
  #asksJoinLeave: boolean;
  #variant: Variant;
  /** What the client asks for; `undefined`: nothing. */
  readonly askedRate: number | undefined;
  #maxRate: number | undefined;
  #identity: Grant = nothingGranted;
  #clientRefresh = false;
  /** The bucket of its deadline, if it expires. */
  #deadline: number | undefined;
  /** Whether its client has the channel's last publication, so that the next one may be a delta. */
  hasBase = false;

  constructor(
    readonly owner: SubscriptionOwner,
    readonly channel: ChannelName,
    rule: Rule,
    options: SubscriptionOptions,
  ) {
    this.outbox = owner.outbox;
    this.#rule = rule;
    this.serverSide = options.serverSide;
    this.#asksJoinLeave = options.joinLeave;
    this.#variant = this.outbox.variant({
      joinLeave: options.joinLeave || rule.pushJoinLeave,
      delta: options.delta ?? 'off',
      compact: options.compact === true && rule.compaction,
      filter: options.filter,
    });
    this.askedRate = options.maxRate;
    this.#maxRate = rateUnder(rule.maxRate, options.maxRate);
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** The rule under which it was granted. */
  get rule(): Rule {
    return this.#rule;
  }

  get variant(): Variant {
    return this.#variant;
  }

  /** Most publications per second and key that it gets; `undefined`: all. */
  get maxRate(): number | undefined {
    return this.#maxRate;
  }

  /** The grant. */
  get identity(): Grant {
    return this.#identity;
  }

  /** Whether the client itself sends new tokens before the subscription expires. */
  get clientRefresh(): boolean {
    return this.#clientRefresh;
  }

  /** Unix time in milliseconds. */
  get expiresAtMs(): number | undefined {
    return this.#identity.expiresAtMs;
  }

  /** Whether its client has been told that it is subscribed. */
  get isEstablished(): boolean {
    const { name } = this.#stage;
    return name === 'live' || name === 'ahead' || name === 'recovering';
  }

  get isEnded(): boolean {
    return this.#stage.name === 'ended';
  }

  /** Whether it has an entry in the channel's presence. */
  get countsAsPresent(): boolean {
    return this.#identity.override?.presence ?? this.#rule.presence;
  }

  /** Whether its join and leave are announced to others. */
  get isAnnounced(): boolean {
    return this.#identity.override?.joinLeave ?? this.#rule.joinLeave;
  }

  /** What it gets from the channel's history. */
  get recovery(): Rule['recovery'] {
    const rule = this.#rule;
    const forced = this.#identity.override?.recovery;
    if (forced === undefined || rule.stream === undefined || rule.map !== undefined) return rule.recovery;
    if (!forced) return 'off';
    return rule.recovery === 'off' ? 'stream' : rule.recovery;
  }

  grant(identity: Grant, clientRefresh: boolean): void {
    this.#identity = identity;
    this.#clientRefresh = clientRefresh;
    // The client has not asked for them here, so only the server decides.
    const isAgainst = this.serverSide && identity.override?.pushJoinLeave === false;
    this.askJoinLeave(this.#asksJoinLeave && !isAgainst);
  }

  /** The channel has another rule, under which the subscription continues unchanged. */
  goOnUnder(rule: Rule): void {
    this.#rule = rule;
    this.#changeVariant();
    const maxRate = rateUnder(rule.maxRate, this.askedRate);
    if (maxRate === this.#maxRate) return;
    const { fanOut } = this.#stage.name === 'live' ? this.#stage : { fanOut: undefined };
    const hasAll = fanOut?.leave(this) ?? true;
    this.#maxRate = maxRate;
    fanOut?.enter(this);
    if (!hasAll) this.owner.loseState(this);
  }

  /** Sets whether the client wants joins and leaves; if the rule pushes them, it gets them anyway. */
  askJoinLeave(asks: boolean): void {
    this.#asksJoinLeave = asks;
    this.#changeVariant();
  }

  /** Its connection has another encoding, and nothing is due to it in the one before. */
  encodingChanged(): void {
    this.#changeVariant();
  }

  /** The client knows what it was told when it subscribed, so only what it decodes without being told may change. */
  #changeVariant(): void {
    const rule = this.#rule;
    const { delta, compact, filter } = this.#variant;
    const variant = this.outbox.variant({
      joinLeave: this.#asksJoinLeave || (this.#identity.override?.pushJoinLeave ?? rule.pushJoinLeave),
      delta: delta === 'off' ? 'off' : rule.delta ? 'on' : 'whole',
      // Clients understand the name in any case.
      compact: compact && rule.compaction,
      filter,
    });
    if (variant === this.#variant) return;
    const { fanOut } = this.#stage.name === 'live' ? this.#stage : { fanOut: undefined };
    fanOut?.takeOut(this);
    if (variant.delta !== delta) this.hasBase = false;
    this.#variant = variant;
    fanOut?.putIn(this);
  }

  /** The subscriber as others in this channel see it. */
  get clientInfo(): ClientInfo {
    const { info } = this.#identity;
    return info === undefined ? this.owner.clientInfo : { ...this.owner.clientInfo, chanInfo: info };
  }

  onDeadline(): void {
    this.owner.subscriptionExpired(this);
  }

  /** Sets or postpones its expiry; `undefined`: it does not expire. */
  expireIn(delayMs: number | undefined, deadlines: Deadlines): void {
    if (this.#deadline !== undefined) deadlines.remove(this, this.#deadline);
    this.#deadline = delayMs === undefined ? undefined : deadlines.add(this, delayMs);
  }

  /** Called by the hub: buffers publications from now on. */
  join(): void {
    this.#stage = { name: 'joining', buffer: [], hasOverflowed: false };
  }

  /** Buffers a publication while joining or recovering. */
  keep(publication: Publication, epoch: string): void {
    const stage = this.#stage;
    if (stage.name !== 'joining' && stage.name !== 'recovering') return;
    if (stage.buffer.length < maxBufferedPublications) {
      stage.buffer.push({ publication, epoch });
      return;
    }
    stage.buffer = [];
    stage.hasOverflowed = true;
  }

  /** The next page of history includes what has overflowed. */
  forgetOverflow(): void {
    const stage = this.#stage;
    if (stage.name === 'joining' || stage.name === 'recovering') stage.hasOverflowed = false;
  }

  /** Its client has been given everything up to a position that is behind the live stream, and goes on from there. */
  recoverFrom(at: Position): void {
    const stage = this.#stage;
    if (stage.name === 'recovering') stage.at = at;
    else if (stage.name === 'joining') this.#stage = { ...stage, name: 'recovering', at };
  }

  /** The subscriber has everything up to a position that the live stream has not reached. */
  waitAt(at: Position): void {
    this.#stage = { name: 'ahead', at };
  }

  /** Called by the fan-out with the subscription's slot. */
  goLive(fanOut: FanOut, slot: number): void {
    this.#stage = { name: 'live', fanOut, slot };
  }

  /** Called by the fan-out with the subscription's new slot. */
  moveTo(slot: number): void {
    if (this.#stage.name === 'live') this.#stage.slot = slot;
  }

  /** Afterwards its outbox has everything that has left for it. */
  settle(): void {
    if (this.#stage.name === 'live') this.#stage.fanOut.settle(this);
  }

  /** Afterwards its outbox has everything that has come for it, also what would wait for a beat. */
  finish(): void {
    if (this.#stage.name === 'live') this.#stage.fanOut.finish(this);
  }

  /** Up to where its outbox has been given everything, or what of it is for this subscriber; `undefined` without a stream. */
  get position(): Position | undefined {
    const stage = this.#stage;
    if (stage.name === 'ahead' || stage.name === 'recovering') return stage.at;
    return stage.name === 'live' ? stage.fanOut.positionOf(this) : undefined;
  }

  /** Called when it has left the hub. */
  end(why: Unsubscribe | undefined): void {
    this.#stage = { name: 'ended', why };
  }
}
