/** The clients and channels of this node that an operation applies to. */

import { type ChannelName, channelNameFault, parseChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Rule } from '../channels/rule.js';
import type { NodeSummary } from '../cluster/messages.js';
import type { Hub } from '../fanout/hub.js';
import { Glob } from '../names/glob.js';
import type { Clock } from '../ports/clock.js';
import type { Session } from '../sessions/session.js';
import type { Sessions } from '../sessions/sessions.js';

/** The connections that are meant: all of a user, or one. */
export interface ClientSelector {
  /** Empty for anonymous clients, which can only be selected one at a time, by `client`. */
  readonly user: string;
  readonly client?: string | undefined;
}

/** A channel with subscribers. */
export interface ChannelSummary {
  /** Of the channel. */
  readonly name: string;
  /** Number of its subscribed connections. */
  readonly numClients: number;
}

/** @param atMs selects only connections made until then, by the monotonic clock of this node */
export function sessionsOf(
  sessions: Sessions,
  { user, client }: ClientSelector,
  atMs = Number.POSITIVE_INFINITY,
): Session[] {
  if (client === undefined) {
    return user === '' ? [] : sessions.ofUser(user).filter(({ connectedAtMs }) => connectedAtMs <= atMs);
  }
  // A client id is never used again, so `atMs` does not matter.
  const session = sessions.byClient(client);
  return session !== undefined && (user === '' || session.user === user) ? [session] : [];
}

/** @throws FanfareError `ERR_PATTERN` */
export function channelsLike(hub: Hub, pattern: string): ChannelSummary[] {
  const glob = pattern === '' ? undefined : new Glob(pattern);
  return [...hub.channels()].flatMap(({ name, numSubscribers }) =>
    glob === undefined || glob.matches(name) ? [{ name, numClients: numSubscribers }] : [],
  );
}

/** Finds a channel's rule. */
export interface ChannelMatcher {
  match(channel: ChannelName): Rule | undefined;
}

/** A channel and its rule. @throws FanfareError `ERR_CHANNEL_NAME`, `ERR_UNKNOWN_CHANNEL` */
export function findChannel(
  matcher: ChannelMatcher,
  channel: string,
): { readonly name: ChannelName; readonly rule: Rule } {
  const name = parseChannelName(channel);
  if (name === undefined) {
    throw new FanfareError('ERR_CHANNEL_NAME', `not a channel name (${channelNameFault(channel)})`);
  }
  const rule = matcher.match(name);
  if (rule === undefined) throw new FanfareError('ERR_UNKNOWN_CHANNEL', `no rule matches the channel "${channel}"`);
  return { name, rule };
}

export interface SummaryPorts {
  readonly id: string;
  readonly version: string;
  /** By the monotonic clock. */
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly hub: Hub;
}

export function summaryOf({ id, version, sessions, hub, clock, startedAtMs }: SummaryPorts): NodeSummary {
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
