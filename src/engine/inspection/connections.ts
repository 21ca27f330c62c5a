/** The connections of one node, in pages, and one of them with all that the node knows of it. */

import * as v from 'valibot';
import { parseChannelName } from '../../model/channel-name.js';
import { clientInfoSchema } from '../channels/publication-schemas.js';
import type { Clock } from '../ports/clock.js';
import type { Session } from '../sessions/session.js';
import type { Sessions } from '../sessions/sessions.js';
import { inSlices } from '../time/in-slices.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Subscriptions of one connection that are told. */
const maxSubscriptions = 1_000;

const summaryFields = {
  client: v.string(),
  /** Empty for an anonymous connection. */
  user: v.string(),
  transport: v.string(),
  /** Unix time in milliseconds. */
  connectedAtMs: v.number(),
  numSubscriptions: count,
  queuedBytes: count,
};
const summary = v.object(summaryFields);
export type ConnectionSummary = v.InferOutput<typeof summary>;

/** Which connections are wanted. */
export const connectionFilter = v.object({
  user: v.exactOptional(v.string()),
  channel: v.exactOptional(v.string()),
  transport: v.exactOptional(v.string()),
});
export type ConnectionFilter = v.InferOutput<typeof connectionFilter>;

export const connectionsQuestion = v.object({
  filter: connectionFilter,
  /** The number of the last connection that the asking node has seen. */
  after: count,
  limit: v.pipe(count, v.maxValue(1_000)),
});
type ConnectionsQuestion = v.InferOutput<typeof connectionsQuestion>;

export const connectionsAnswer = v.object({ connections: v.array(summary), after: count, isEnd: v.boolean() });
type ConnectionsAnswer = v.InferOutput<typeof connectionsAnswer>;

const subscription = v.object({
  channel: v.string(),
  /** Pattern of its rule. */
  rule: v.string(),
  serverSide: v.boolean(),
  /** Its client has been told that it is subscribed. */
  isEstablished: v.boolean(),
  recovery: v.picklist(['stream', 'cache', 'off']),
  expiresAtMs: v.exactOptional(v.number()),
});

export const connectionDetails = v.object({
  ...summaryFields,
  protocol: v.string(),
  info: clientInfoSchema,
  expiresAtMs: v.exactOptional(v.number()),
  /** Unknown where nothing needs it any more. */
  address: v.exactOptional(v.string()),
  userAgent: v.exactOptional(v.string()),
  subscriptions: v.array(subscription),
});
export type ConnectionDetails = v.InferOutput<typeof connectionDetails>;

export interface ConnectionPorts {
  readonly clock: Clock;
  readonly sessions: Sessions;
}

/** In the order in which they were let in. */
export async function connectionsHere(
  { sessions, clock }: ConnectionPorts,
  { filter, after, limit }: ConnectionsQuestion,
): Promise<ConnectionsAnswer> {
  const { user, transport } = filter;
  const channel = filter.channel === undefined ? undefined : parseChannelName(filter.channel);
  const isWanted = (session: Session): boolean =>
    session.number > after &&
    (user === undefined || session.user === user) &&
    (transport === undefined || session.transport === transport) &&
    (channel === undefined || session.isSubscribed(channel));
  const connections: ConnectionSummary[] = [];
  // Nobody can be in a channel that cannot be.
  if (filter.channel !== undefined && channel === undefined) return { connections, after, isEnd: true };
  const candidates = user === undefined || user === '' ? sessions.clients() : sessions.ofUser(user);
  let last = after;
  for await (const some of inSlices(candidates, clock)) {
    for (const session of some) {
      // Those of a slice may have ended meanwhile.
      if (!session.is('connected') || !isWanted(session)) continue;
      if (connections.length === limit) return { connections, after: last, isEnd: false };
      connections.push(summaryOf(session, clock));
      last = session.number;
    }
  }
  return { connections, after: last, isEnd: true };
}

/** @returns `undefined` if it is not connected here */
export function detailsHere({ sessions, clock }: ConnectionPorts, client: string): ConnectionDetails | undefined {
  const session = sessions.byClient(client);
  if (session === undefined) return undefined;
  const { handshake, admitted, subscriptions } = session;
  const expiresAtMs = admitted?.identity.expiresAtMs;
  const userAgent = handshake.headers.get('user-agent');
  const shown = [...subscriptions].slice(0, maxSubscriptions);
  return {
    ...summaryOf(session, clock),
    protocol: session.protocol,
    info: session.clientInfo,
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...(handshake.remoteAddress !== '' && { address: handshake.remoteAddress }),
    ...(userAgent !== undefined && { userAgent }),
    subscriptions: shown.map(({ channel, rule, serverSide, isEstablished, recovery, expiresAtMs: endsAtMs }) => ({
      channel,
      rule: rule.pattern.text,
      serverSide,
      isEstablished,
      recovery,
      ...(endsAtMs !== undefined && { expiresAtMs: endsAtMs }),
    })),
  };
}

function summaryOf(session: Session, clock: Clock): ConnectionSummary {
  return {
    client: session.client,
    user: session.user,
    transport: session.transport,
    connectedAtMs: clock.wallMs() - (clock.nowMs() - session.connectedAtMs),
    numSubscriptions: session.subscriptions.size,
    queuedBytes: session.outbox.queuedBytes,
  };
}
