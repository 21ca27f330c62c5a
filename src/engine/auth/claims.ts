/** What the claims of a token say, once its signature is known to be good. */

import * as v from 'valibot';
import { encodeMessage } from '../publishing.js';
import type { Identity, SubscriptionIdentity } from './authenticator.js';

/** Beyond, dates are not representable; a token that says so is broken, not long-lived. */
const maxNumericDate = 8_640_000_000_000;

const numericDate = v.pipe(v.number(), v.minValue(0), v.maxValue(maxNumericDate));
const userId = v.pipe(v.string(), v.maxLength(256));
const b64 = v.pipe(v.string(), v.base64());

const connectionClaims = v.object({
  sub: v.optional(userId, ''),
  exp: v.optional(numericDate),
  /** When the connection ends, if that is not when the token does. 0: never. */
  expire_at: v.optional(numericDate),
  info: v.optional(v.unknown()),
  b64info: v.optional(b64),
  meta: v.optional(v.unknown()),
  channels: v.optional(v.array(v.string()), []),
  subs: v.optional(v.record(v.string(), v.unknown()), {}),
});

const subscriptionClaims = v.object({
  sub: v.optional(userId, ''),
  channel: v.string(),
  exp: v.optional(numericDate),
  expire_at: v.optional(numericDate),
  info: v.optional(v.unknown()),
  b64info: v.optional(b64),
});

interface Expiry {
  readonly exp?: number | undefined;
  readonly expire_at?: number | undefined;
}

function expiresAtMs({ exp, expire_at: expireAt }: Expiry): { readonly expiresAtMs?: number } {
  if (expireAt === 0) return {};
  const at = expireAt ?? exp;
  return at === undefined ? {} : { expiresAtMs: Math.floor(at * 1_000) };
}

/** `b64info` wins over `info`: it carries JSON in base64. */
function infoOf(claims: { readonly info?: unknown; readonly b64info?: string | undefined }) {
  if (claims.b64info !== undefined) return { info: encodeMessage(JSON.parse(atob(claims.b64info))) };
  return claims.info === undefined || claims.info === null ? {} : { info: encodeMessage(claims.info) };
}

/** @throws Error when the claims are not those of a connection token */
export function readConnectionClaims(payload: unknown): Identity {
  const claims = v.parse(connectionClaims, payload);
  const channels = [...claims.channels, ...Object.keys(claims.subs)];
  return {
    user: claims.sub,
    ...expiresAtMs(claims),
    ...infoOf(claims),
    ...(claims.meta !== undefined && { meta: claims.meta }),
    ...(channels.length > 0 && { channels }),
  };
}

/** @throws Error when the claims are not those of a subscription token */
export function readSubscriptionClaims(payload: unknown): {
  readonly user: string;
  readonly channel: string;
  readonly identity: SubscriptionIdentity;
} {
  const claims = v.parse(subscriptionClaims, payload);
  return { user: claims.sub, channel: claims.channel, identity: { ...expiresAtMs(claims), ...infoOf(claims) } };
}
