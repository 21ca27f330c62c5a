/** What a server can do with channels and clients: one list for the library and for the HTTP API. */

import { type ChannelName, channelNameFault, parseChannelName } from '../model/channel-name.js';
import { type Disconnect, disconnectCodes, type Unsubscribe, unsubscribeCodes } from '../model/codes.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { JsonText } from '../model/json-text.js';
import type { ClientInfo } from '../model/publication.js';
import type { Identity } from './auth/authenticator.js';
import type { HistoryPage, HistoryQuery, HistoryStore, PresenceStats, PresenceStore, Published } from './broker.js';
import { isRevoked } from './commands/target.js';
import { Counters } from './counters.js';
import type { Node } from './node.js';
import { acceptMessage, type PublishingOptions } from './publishing.js';
import type { Revocation } from './revocations.js';
import type { RuleMatch } from './rules.js';
import { type ServerSubscribeOptions, subscribeByServer } from './server-subscribe.js';
import type { Session } from './session.js';
import { ttlSec } from './ttl.js';
import { Wildcard } from './wildcard.js';

/** Of one broadcast, that are published to in one turn of the event loop. */
const channelsPerTurn = 256;

/** Whose connections are meant: all of a user's, or one of them. */
export interface ClientSelector {
  /** Empty for anonymous clients, of whom only one at a time can be meant, by `client`. */
  readonly user: string;
  readonly client?: string;
}

export type PublishRequestOptions = Omit<PublishingOptions, 'info'>;

/** A channel with subscribers. */
export interface ChannelSummary {
  readonly name: string;
  readonly numClients: number;
}

/** What a ticket stands for beside the user. */
export interface TicketGrant extends Pick<Identity, 'expiresAtMs' | 'info' | 'meta'> {
  /** How long it can be used. Default: 30 seconds. */
  readonly ttlMs?: number;
}

const defaultTicketTtlMs = 30_000;

/** How one node is doing. */
export interface NodeSummary {
  readonly id: string;
  readonly version: string;
  readonly numClients: number;
  readonly numUsers: number;
  readonly numSubscriptions: number;
  readonly numChannels: number;
  readonly uptimeSec: number;
}

/**
 * Every method throws or rejects with a `FanfareError`: `ERR_CHANNEL_NAME` for what is no name, `ERR_UNKNOWN_CHANNEL`
 * where no rule matches, `ERR_NOT_AVAILABLE` for what the channel's rule does not keep, `ERR_BROKER` when the broker
 * cannot be reached.
 */
export class Operations {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  /** Also `ERR_MESSAGE_INVALID`, `ERR_MESSAGE_TOO_LARGE`, `ERR_IDEMPOTENCY_KEY`, `ERR_CLOSED`. */
  async publish(channel: string, data: JsonText, options: PublishRequestOptions): Promise<Published> {
    const { name, match } = this.find(channel);
    const accepted = await acceptMessage(match.rule, data);
    return this.#node.publishing.publish(name, match.rule, accepted.data, options);
  }

  /** One outcome per channel, in their order; one that fails does not stop the others. Many are published by and by. */
  async broadcast(
    channels: readonly string[],
    data: JsonText,
    options: PublishRequestOptions,
  ): Promise<PromiseSettledResult<Published>[]> {
    const outcomes: PromiseSettledResult<Published>[] = [];
    for (let start = 0; start < channels.length; start += channelsPerTurn) {
      // What else the node has to do is not held up by a long list.
      if (start > 0) await new Promise<void>((resolve) => this.#node.clock.afterTurn(resolve));
      const some = channels.slice(start, start + channelsPerTurn);
      outcomes.push(...(await Promise.allSettled(some.map((channel) => this.publish(channel, data, options)))));
    }
    return outcomes;
  }

  /** Returns how many connections were newly subscribed. */
  async subscribe(who: ClientSelector, channel: string, options: ServerSubscribeOptions): Promise<number> {
    const { name, match } = this.find(channel);
    const subscribed = this.#select(who).map((session) => subscribeByServer(session, name, match, options));
    return (await Promise.all(subscribed)).filter(Boolean).length;
  }

  /** Their clients do not come back by themselves, unless the code says so (2500 and above). */
  unsubscribe(who: ClientSelector, channel: string, why: Unsubscribe = unsubscribeCodes.server): void {
    const { name } = this.find(channel);
    for (const session of this.#select(who)) {
      const subscription = session.subscriptions.get(name);
      if (subscription !== undefined) session.unsubscribe(subscription, why);
    }
  }

  /** @param except connections that stay */
  disconnect(
    who: ClientSelector,
    why: Disconnect = disconnectCodes.forceNoReconnect,
    except: readonly string[] = [],
  ): void {
    for (const session of this.#select(who)) if (!except.includes(session.client)) session.close(why);
  }

  /** Puts the end of connections off, or ends them now (`expired`). Without a time they do not expire any more. */
  refresh(
    who: ClientSelector,
    options: {
      readonly expired?: boolean;
      readonly expiresAtMs?: number;
      /** In place of what others see of the connection so far, from its next subscription or renewal on. */
      readonly info?: JsonText;
    },
  ): void {
    const { expired = false, expiresAtMs, info } = options;
    for (const session of this.#select(who)) {
      if (expired) session.close(disconnectCodes.expired);
      else {
        if (info !== undefined) session.clientInfo = { ...session.clientInfo, connInfo: info };
        session.renewExpiry(expiresAtMs);
        session.push({ kind: 'refresh', ...ttlSec(this.#node.clock, expiresAtMs) });
      }
    }
  }

  /** A message outside any channel. */
  send(who: ClientSelector, data: JsonText): void {
    for (const session of this.#select(who)) session.push({ kind: 'message', data });
  }

  async presence(channel: string): Promise<readonly ClientInfo[]> {
    const { name, store } = this.#presenceOf(channel);
    return store.list(name, this.#node.limits.maxPresenceClients);
  }

  async presenceStats(channel: string): Promise<PresenceStats> {
    const { name, store } = this.#presenceOf(channel);
    return store.stats(name);
  }

  /** Also `ERR_UNRECOVERABLE` when what follows `since` is not there any more. A limit below 0 is the node's own. */
  async history(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    const { name, store } = this.#historyOf(channel);
    const most = this.#node.limits.maxHistoryPublications;
    const limit = query.limit < 0 ? most : Math.min(query.limit, most);
    const page = await store.read(name, { ...query, limit });
    if (!page.continuous) throw new FanfareError('ERR_UNRECOVERABLE', `"${channel}" has nothing left from there`);
    return page;
  }

  async removeHistory(channel: string): Promise<void> {
    const { name, store } = this.#historyOf(channel);
    await store.remove(name);
  }

  /** Channels with subscribers. @param pattern a name with `*` for any characters; empty for all */
  channels(pattern: string): ChannelSummary[] {
    const wildcard = pattern === '' ? undefined : new Wildcard(pattern);
    const found: ChannelSummary[] = [];
    for (const { name, numSubscribers } of this.#node.hub.channels()) {
      if (wildcard === undefined || wildcard.matches(name)) found.push({ name, numClients: numSubscribers });
    }
    return found;
  }

  info(): NodeSummary[] {
    const { id, version, sessions, hub, clock, startedAtMs } = this.#node;
    return [
      {
        id,
        version,
        numClients: sessions.numClients,
        numUsers: sessions.numUsers,
        numSubscriptions: hub.numSubscriptions,
        numChannels: hub.numChannels,
        uptimeSec: Math.floor((clock.nowMs() - startedAtMs) / 1_000),
      },
    ];
  }

  /** A ticket that lets one client in, once, on this node. */
  issueTicket(user: string, { ttlMs = defaultTicketTtlMs, ...identity }: TicketGrant): string {
    const { tickets, clock } = this.#node;
    return tickets.issue({ ...identity, user, issuedAtMs: clock.wallMs() }, ttlMs);
  }

  /** From now on nobody gets in that it is about, and those who are in are closed; likewise for subscription tokens. */
  revoke(revocation: Revocation): void {
    const { revocations, sessions, counters } = this.#node;
    revocations.add(revocation);
    Counters.add(counters.revocations, revocation.kind);
    const concerned = revocation.kind === 'token' ? sessions.all() : sessions.ofUser(revocation.user);
    for (const session of concerned) {
      const why = session.identity && revocations.find(session.identity);
      if (why !== undefined) session.close(why);
      else this.#unsubscribeRevoked(session);
    }
  }

  /** A connection may stay while a token for one of its channels may not. */
  #unsubscribeRevoked(session: Session): void {
    for (const subscription of [...session.subscriptions]) {
      const isByToken = subscription.clientRefresh;
      if (isByToken && isRevoked(session, subscription.identity)) {
        session.unsubscribe(subscription, unsubscribeCodes.server);
      }
    }
  }

  /** Lets a blocked user in again. */
  unblock(user: string): void {
    this.#node.revocations.unblock(user);
  }

  /** A channel and its rule. */
  find(channel: string): { readonly name: ChannelName; readonly match: RuleMatch } {
    const name = parseChannelName(channel);
    if (name === undefined) {
      throw new FanfareError('ERR_CHANNEL_NAME', `not a channel name (${channelNameFault(channel)})`);
    }
    const match = this.#node.hub.match(name) ?? this.#node.rules.match(name);
    if (match === undefined) throw new FanfareError('ERR_UNKNOWN_CHANNEL', `no rule matches the channel "${channel}"`);
    return { name, match };
  }

  #select({ user, client }: ClientSelector): Session[] {
    const { sessions } = this.#node;
    if (client === undefined) return user === '' ? [] : sessions.ofUser(user);
    const session = sessions.byClient(client);
    return session !== undefined && (user === '' || session.user === user) ? [session] : [];
  }

  #historyOf(channel: string): { readonly name: ChannelName; readonly store: HistoryStore } {
    const { name, match } = this.find(channel);
    const store = this.#node.broker.history;
    if (match.rule.stream !== undefined && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no history`);
  }

  #presenceOf(channel: string): { readonly name: ChannelName; readonly store: PresenceStore } {
    const { name, match } = this.find(channel);
    const store = this.#node.broker.presence;
    if (match.rule.presence && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no presence`);
  }
}
