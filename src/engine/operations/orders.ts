/** What one node has the others do with their clients, and the one decoder of it. */

import * as v from 'valibot';
import { checkedJson, grantSchema } from '../channels/grant.js';
import type { NodeClients } from './node-clients.js';

const text = v.pipe(v.string(), v.maxLength(1_024));
const time = v.pipe(v.number(), v.minValue(0));
const who = v.object({ user: text, client: v.optional(text) });
const why = v.object({ code: v.pipe(v.number(), v.integer()), reason: text });
const flag = v.optional(v.boolean());

const userRevocation = v.object({
  kind: v.literal('user'),
  user: text,
  untilMs: v.exactOptional(time),
  atMs: v.exactOptional(time),
});

export const revocation = v.variant('kind', [
  v.object({ kind: v.literal('token'), tokenId: text, untilMs: v.exactOptional(time) }),
  v.object({ kind: v.literal('userTokens'), user: text, beforeMs: time, untilMs: v.exactOptional(time) }),
  userRevocation,
]);

const order = v.variant('do', [
  v.object({
    do: v.literal('subscribe'),
    who,
    channel: v.string(),
    options: v.object({
      ...grantSchema.entries,
      recoverSince: v.exactOptional(v.object({ offset: v.pipe(v.number(), v.integer()), epoch: v.string() })),
    }),
  }),
  v.object({ do: v.literal('unsubscribe'), who, channel: v.string(), why: v.optional(why) }),
  v.object({ do: v.literal('disconnect'), who, why: v.optional(why), except: v.optional(v.array(text)) }),
  v.object({
    do: v.literal('refresh'),
    who,
    options: v.object({ expired: flag, expiresAtMs: v.optional(time), info: v.optional(checkedJson) }),
  }),
  v.object({ do: v.literal('send'), who, data: checkedJson }),
  v.object({ do: v.literal('revoke'), revocation }),
  v.object({ do: v.literal('unblock'), user: text, atMs: time }),
  v.object({ do: v.literal('endOlder'), user: text, client: text, atMs: time }),
]);

export type Order = v.InferOutput<typeof order>;

/** As one node tells another. Clocks differ, ages do not. */
export interface ToldOrder {
  readonly id: string;
  readonly agoMs: number;
  readonly order: Order;
}

/** `undefined` for what this version does not know. */
export function decodeOrder(body: unknown): Order | undefined {
  const parsed = v.safeParse(order, body);
  return parsed.success ? parsed.output : undefined;
}

const told = v.object({ id: text, agoMs: v.optional(time, 0), order });

/** An order with its name, by which it is followed once. */
export function decodeToldOrder(body: unknown): ToldOrder | undefined {
  const parsed = v.safeParse(told, body);
  return parsed.success ? parsed.output : undefined;
}

/**
 * Resolves with how many connections were newly subscribed.
 *
 * @param atMs when it was given, by the monotonic clock: connections that were made later are not meant
 * @throws FanfareError as {@link NodeClients} does
 */
export async function follow(order: Order, clients: NodeClients, atMs?: number): Promise<number> {
  switch (order.do) {
    case 'subscribe':
      return clients.subscribe(order.who, order.channel, order.options);
    case 'unsubscribe':
      clients.unsubscribe({ ...order.who, atMs }, order.channel, order.why);
      return 0;
    case 'disconnect':
      clients.disconnect({ ...order.who, atMs }, order.why, order.except);
      return 0;
    case 'refresh':
      clients.refresh({ ...order.who, atMs }, order.options);
      return 0;
    case 'send':
      clients.send(order.who, order.data);
      return 0;
    case 'revoke':
      clients.revoke(order.revocation);
      return 0;
    case 'unblock':
      clients.unblock(order.user, order.atMs);
      return 0;
    case 'endOlder':
      clients.endOlder(order);
      return 0;
  }
}
