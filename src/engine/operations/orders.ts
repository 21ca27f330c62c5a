/** All orders between nodes, one row each: its fields, their decoder, and what each node does. */

import * as v from 'valibot';
import { disconnectCodes, unsubscribeCodes } from '../../model/codes.js';
import { defined } from '../../model/defined.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { JsonText } from '../../model/json-text.js';
import { checkedJson, grantSchema } from '../channels/grant.js';
import { Counters } from '../ports/counters.js';
import { logLevels } from '../ports/logger.js';
import { closeIfRevoked, unsubscribeRevoked } from '../sessions/revoked.js';
import { type ServerSubscribeOptions, subscribeByServer } from '../sessions/server-subscribe.js';
import { ttlSec } from '../time/ttl.js';
import { type ClientSelector, findChannel, sessionsOf } from './clients.js';
import { type Order, OrderKind } from './order.js';

const text = v.pipe(v.string(), v.maxLength(1_024));
const time = v.pipe(v.number(), v.minValue(0));
const who = v.object({ user: text, client: v.optional(text) });
const why = v.object({ code: v.pipe(v.number(), v.integer()), reason: text });
const flag = v.optional(v.boolean());

const byOrder = 'by order of the application or the API';

const subscriptionOptions = v.object({
  ...grantSchema.entries,
  recoverSince: v.exactOptional(v.object({ offset: v.pipe(v.number(), v.integer()), epoch: v.string() })),
});

export const revocation = v.variant('kind', [
  v.object({ kind: v.literal('token'), tokenId: text, untilMs: v.exactOptional(time) }),
  v.object({ kind: v.literal('userTokens'), user: text, beforeMs: time, untilMs: v.exactOptional(time) }),
  v.object({ kind: v.literal('user'), user: text, untilMs: v.exactOptional(time), atMs: v.exactOptional(time) }),
]);

/** What a refresh changes about connections. */
export interface RefreshOfClients {
  readonly expired?: boolean | undefined;
  readonly expiresAtMs?: number | undefined;
  /** Replaces the connection's info that others see, from its next subscription or renewal on. */
  readonly info?: JsonText | undefined;
}

export const orders = {
  /** Resolves with the number of connections newly subscribed. */
  subscribe: new OrderKind<{ who: ClientSelector; channel: string; options: ServerSubscribeOptions }>('subscribe', {
    fields: v.object({ who, channel: v.string(), options: subscriptionOptions }),
    async follow({ who, channel, options }, ports) {
      const { name, rule } = findChannel(ports, channel);
      if (rule.map !== undefined) {
        throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" is a map, to which clients subscribe themselves`);
      }
      const found = sessionsOf(ports.sessions, who);
      const subscribed = await Promise.all(
        found.map((session) => subscribeByServer(ports, session, name, rule, options)),
      );
      return subscribed.filter(Boolean).length;
    },
  }),

  unsubscribe: new OrderKind('unsubscribe', {
    fields: v.object({ who, channel: v.string(), why: v.optional(why) }),
    isLasting: true,
    follow({ who, channel, why = unsubscribeCodes.server }, ports, atMs) {
      const { name } = findChannel(ports, channel);
      for (const session of sessionsOf(ports.sessions, who, atMs)) {
        const subscription = session.subscriptions.get(name);
        if (subscription !== undefined) session.subscriptions.unsubscribe(subscription, why);
      }
    },
  }),

  disconnect: new OrderKind('disconnect', {
    fields: v.object({ who, why: v.optional(why), except: v.optional(v.array(text), []) }),
    isLasting: true,
    follow({ who, why = disconnectCodes.forceNoReconnect, except }, { sessions }, atMs) {
      for (const session of sessionsOf(sessions, who, atMs)) {
        if (!except.includes(session.client)) session.close(why, byOrder);
      }
    },
  }),

  refresh: new OrderKind<{ who: ClientSelector; options: RefreshOfClients }>('refresh', {
    fields: v.object({
      who,
      options: v.object({ expired: flag, expiresAtMs: v.optional(time), info: v.optional(checkedJson) }),
    }),
    isLasting: true,
    follow({ who, options: { expired, expiresAtMs, info } }, { sessions, clock }, atMs) {
      for (const session of sessionsOf(sessions, who, atMs)) {
        if (expired) session.close(disconnectCodes.expired, byOrder);
        else if (session.admitted !== undefined) {
          session.renew({ ...session.admitted.identity, expiresAtMs, ...defined({ info }) });
          session.push({ kind: 'refresh', ...ttlSec(clock, expiresAtMs) });
        }
      }
    },
  }),

  send: new OrderKind<{ who: ClientSelector; data: JsonText }>('send', {
    fields: v.object({ who, data: checkedJson }),
    follow({ who, data }, { sessions }) {
      for (const session of sessionsOf(sessions, who)) session.push({ kind: 'message', data });
    },
  }),

  /** Closes connections, and ends subscriptions, that were made with such tokens. */
  revoke: new OrderKind('revoke', {
    fields: v.object({ revocation }),
    follow({ revocation }, { revocations, sessions, counters }) {
      revocations.add(revocation);
      Counters.add(counters.revocations, revocation.kind);
      const concerned = revocation.kind === 'token' ? sessions.all() : sessions.ofUser(revocation.user);
      for (const session of concerned) {
        const identity = session.admitted?.identity;
        const isClosed = identity !== undefined && closeIfRevoked(revocations, session, identity);
        if (!isClosed) unsubscribeRevoked(revocations, session);
      }
    },
  }),

  /** Lets a blocked user connect again. */
  unblock: new OrderKind('unblock', {
    fields: v.object({ user: text, atMs: time }),
    follow({ user, atMs }, { revocations }) {
      revocations.unblock(user, atMs);
    },
  }),

  /** The answer is the id of the node, if it has changed its level. */
  logLevel: new OrderKind('logLevel', {
    fields: v.object({ level: v.picklist(logLevels), node: v.optional(text), forMs: v.optional(time) }),
    follow({ level, node, forMs }, { id, logLevel }) {
      if (logLevel === undefined || (node !== undefined && node !== id)) return undefined;
      logLevel.use(level, forMs);
      return id;
    },
  }),

  /** The user has a newer connection on another node. */
  endOlder: new OrderKind('endOlder', {
    fields: v.object({ user: text, client: text, atMs: time }),
    follow(newest, { singleConnection }) {
      singleConnection.endOlder(newest);
    },
  }),
};

const byName = new Map(Object.entries(orders));

/** `undefined` for an order that this version does not know. */
export function decodeOrder(body: unknown): Order | undefined {
  const named = v.safeParse(v.object({ do: v.string() }), body);
  return named.success ? byName.get(named.output.do)?.decode(body) : undefined;
}
