/** What a server can do with the clients and channels of this node alone. */

import { type ChannelName, channelNameFault, parseChannelName } from '../../model/channel-name.js';
import { type Disconnect, disconnectCodes, type Unsubscribe, unsubscribeCodes } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { JsonText } from '../../model/json-text.js';
import type { Payload } from '../../model/payload.js';
import type { Revocation } from '../auth/revocations.js';
import type { RuleMatch } from '../channels/rule.js';
import type { NodeSummary } from '../cluster/messages.js';
import { Glob } from '../names/glob.js';
import type { Node } from '../node.js';
import { Counters } from '../ports/counters.js';
import { closeIfRevoked, unsubscribeRevoked } from '../sessions/revoked.js';
import { type ServerSubscribeOptions, subscribeByServer } from '../sessions/server-subscribe.js';
import type { Session } from '../sessions/session.js';
import { ttlSec } from '../time/ttl.js';
import type { NewestConnection } from './single-connection.js';

/** Whose connections are meant: all of a user's, or one of them. */
export interface ClientSelector {
  /** Empty for anonymous clients, of whom only one at a time can be meant, by `client`. */
  readonly user: string;
  readonly client?: string | undefined;
  /** Only connections that were made until then, by the monotonic clock of this node. */
  readonly atMs?: number | undefined;
}

/** A channel with subscribers. */
export interface ChannelSummary {
  readonly name: string;
  readonly numClients: number;
}

export interface RefreshOfClients {
  readonly expired?: boolean | undefined;
  readonly expiresAtMs?: number | undefined;
  /** In place of what others see of the connection so far, from its next subscription or renewal on. */
  readonly info?: JsonText | undefined;
}

export class NodeClients {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  /** Returns how many connections were newly subscribed. */
  async subscribe(who: ClientSelector, channel: string, options: ServerSubscribeOptions): Promise<number> {
    const { name, match } = this.find(channel);
    const subscribed = this.#select(who).map((session) => subscribeByServer(session, name, match, options));
    return (await Promise.all(subscribed)).filter(Boolean).length;
  }

  unsubscribe(who: ClientSelector, channel: string, why: Unsubscribe = unsubscribeCodes.server): void {
    const { name } = this.find(channel);
    for (const session of this.#select(who)) {
      const subscription = session.subscriptions.get(name);
      if (subscription !== undefined) session.unsubscribe(subscription, why);
    }
  }

  disconnect(
    who: ClientSelector,
    why: Disconnect = disconnectCodes.forceNoReconnect,
    except: readonly string[] = [],
  ): void {
    for (const session of this.#select(who))
      if (!except.includes(session.client)) session.close(why, 'by order of the application or the API');
  }

  refresh(who: ClientSelector, { expired = false, expiresAtMs, info }: RefreshOfClients): void {
    for (const session of this.#select(who)) {
      if (expired) session.close(disconnectCodes.expired, 'by order of the application or the API');
      else {
        if (info !== undefined) session.clientInfo = { ...session.clientInfo, connInfo: info };
        session.renewExpiry(expiresAtMs);
        session.push({ kind: 'refresh', ...ttlSec(this.#node.clock, expiresAtMs) });
      }
    }
  }

  send(who: ClientSelector, data: Payload): void {
    for (const session of this.#select(who)) session.push({ kind: 'message', data });
  }

  /** Connections and subscriptions by such tokens end. Returns the revocation with its time. */
  revoke(revocation: Revocation): Revocation {
    const { revocations, sessions, counters } = this.#node;
    const added = revocations.add(revocation);
    Counters.add(counters.revocations, revocation.kind);
    const concerned = revocation.kind === 'token' ? sessions.all() : sessions.ofUser(revocation.user);
    for (const session of concerned) {
      const isClosed = session.identity !== undefined && closeIfRevoked(session, session.identity);
      if (!isClosed) unsubscribeRevoked(session);
    }
    return added;
  }

  /** Lets a blocked user in again. Returns when that was said. */
  unblock(user: string, atMs?: number): number {
    return this.#node.revocations.unblock(user, atMs);
  }

  /** A user has a newer connection, at another node. */
  endOlder(newest: NewestConnection): void {
    this.#node.singleConnection?.endOlder(newest);
  }

  /** @throws FanfareError `ERR_PATTERN` */
  channels(pattern: string): ChannelSummary[] {
    const glob = pattern === '' ? undefined : new Glob(pattern);
    const found: ChannelSummary[] = [];
    for (const { name, numSubscribers } of this.#node.hub.channels()) {
      if (glob === undefined || glob.matches(name)) found.push({ name, numClients: numSubscribers });
    }
    return found;
  }

  /** A channel and its rule. @throws FanfareError `ERR_CHANNEL_NAME`, `ERR_UNKNOWN_CHANNEL` */
  find(channel: string): { readonly name: ChannelName; readonly match: RuleMatch } {
    const name = parseChannelName(channel);
    if (name === undefined) {
      throw new FanfareError('ERR_CHANNEL_NAME', `not a channel name (${channelNameFault(channel)})`);
    }
    const match = this.#node.match(name);
    if (match === undefined) throw new FanfareError('ERR_UNKNOWN_CHANNEL', `no rule matches the channel "${channel}"`);
    return { name, match };
  }

  #select({ user, client, atMs = Number.POSITIVE_INFINITY }: ClientSelector): Session[] {
    const { sessions } = this.#node;
    if (client === undefined) {
      return user === '' ? [] : sessions.ofUser(user).filter(({ connectedAtMs }) => connectedAtMs <= atMs);
    }
    // Its name was given to this one connection: there is no later one.
    const session = sessions.byClient(client);
    return session !== undefined && (user === '' || session.user === user) ? [session] : [];
  }
}

export function summaryOf({ id, version, sessions, hub, clock, startedAtMs }: Node): NodeSummary {
  return {
    id,
    version,
    numClients: sessions.numClients,
    numUsers: sessions.numUsers,
    numSubscriptions: hub.numSubscriptions,
    numChannels: hub.numChannels,
    uptimeSec: Math.floor((clock.nowMs() - startedAtMs) / 1_000),
  };
}
