/** What the claims of a token say, once its signature is known to be good. */

import { base64url } from 'jose';
import * as v from 'valibot';
import { maxJsonNesting, parseJson, parseSource } from '../../model/json-parse.js';
import { each, type JsonShape, members } from '../../model/json-shape.js';
import { JsonSource } from '../../model/json-source.js';
import type { JsonText } from '../../model/json-text.js';
import { encodeMessage } from '../channels/publishing.js';
import { parseCapabilities } from '../names/capabilities.js';
import type { Grant, Identity, SubscriptionOverride } from '../ports/authenticator.js';
import { cite, TokenFault } from './token-fault.js';

/** Beyond, dates are not representable; a token that says so is broken, not long-lived. */
const maxNumericDate = 8_640_000_000_000;

const numericDate = v.pipe(v.number(), v.minValue(0), v.maxValue(maxNumericDate));
const userId = v.pipe(v.string(), v.maxLength(256));
const b64 = v.pipe(v.string(), v.base64());

/** A switch as Centrifugo's tokens and hooks write it: absent is not the same as false. */
const boolValue = v.object({ value: v.boolean() });

/** Override of a rule's options for one subscription. */
export const overrideFields = v.object({
  presence: v.optional(boolValue),
  join_leave: v.optional(boolValue),
  force_push_join_leave: v.optional(boolValue),
  force_recovery: v.optional(boolValue),
  /** Positions are checked wherever there is a history; the switch is accepted and has nothing to change. */
  force_positioning: v.optional(boolValue),
});

/** What goes for one server-side subscription. */
export const subscribeOptionFields = v.object({
  info: v.optional(v.unknown()),
  b64info: v.optional(b64),
  data: v.optional(v.unknown()),
  b64data: v.optional(b64),
  override: v.nullish(overrideFields),
});

const connectionClaims = v.object({
  sub: v.optional(userId, ''),
  exp: v.optional(numericDate),
  iat: v.optional(numericDate),
  jti: v.optional(v.pipe(v.string(), v.maxLength(256))),
  /** When the connection ends, if that is not when the token does. 0: never. */
  expire_at: v.optional(numericDate),
  info: v.optional(v.unknown()),
  b64info: v.optional(b64),
  meta: v.optional(v.unknown()),
  channels: v.optional(v.array(v.string()), []),
  subs: v.optional(v.record(v.string(), subscribeOptionFields), {}),
  caps: v.optional(v.unknown()),
  /** A token for one channel is not one for all that its user may do. */
  channel: v.optional(v.never()),
});

const subscriptionClaims = v.object({
  sub: v.optional(userId, ''),
  /** The connection that it was made for; earlier tokens name it instead of the user. */
  client: v.optional(v.string()),
  channel: v.string(),
  exp: v.optional(numericDate),
  iat: v.optional(numericDate),
  jti: v.optional(v.pipe(v.string(), v.maxLength(256))),
  expire_at: v.optional(numericDate),
  info: v.optional(v.unknown()),
  b64info: v.optional(b64),
  override: v.nullish(overrideFields),
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

/** JSON of the backend's as it came, plain or in base64 (which wins). @throws Error when it is not JSON */
export function jsonOf(
  key: 'info' | 'data',
  plain: unknown,
  encoded: string | undefined,
): Partial<Record<typeof key, JsonText>> {
  // An empty one is what some encoders write for none.
  const source = encoded === undefined || encoded === '' ? plain : sourceOf(encoded);
  return isNothing(source) ? {} : { [key]: encodeMessage(source) };
}

/** Absent, or JSON's null. */
export function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (value instanceof JsonSource && value.text === 'null');
}

function sourceOf(encoded: string): JsonSource {
  const source = parseSource(utf8FromBase64(encoded));
  if (source === undefined) throw new Error('not JSON');
  return source;
}

function utf8FromBase64(encoded: string): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0)));
}

/** An override in the engine's words. */
export function overrideOf(fields: v.InferOutput<typeof overrideFields> | null | undefined): {
  readonly override?: SubscriptionOverride;
} {
  if (fields === null || fields === undefined) return {};
  const { presence, join_leave: joinLeave, force_push_join_leave: pushJoinLeave, force_recovery: recovery } = fields;
  return {
    override: {
      ...(presence && { presence: presence.value }),
      ...(joinLeave && { joinLeave: joinLeave.value }),
      ...(pushJoinLeave && { pushJoinLeave: pushJoinLeave.value }),
      ...(recovery && { recovery: recovery.value }),
    },
  };
}

/** Server-side subscriptions: `subs` says more about a channel than `channels`, and wins. */
export function subscriptionsOf(
  channels: readonly string[],
  subs: Readonly<Record<string, v.InferOutput<typeof subscribeOptionFields>>>,
): { readonly subscriptions?: ReadonlyMap<string, Grant> } {
  const subscriptions = new Map<string, Grant>(channels.map((channel) => [channel, {}]));
  for (const [channel, options] of Object.entries(subs)) {
    subscriptions.set(channel, {
      ...jsonOf('info', options.info, options.b64info),
      ...jsonOf('data', options.data, options.b64data),
      ...overrideOf(options.override),
    });
  }
  return subscriptions.size === 0 ? {} : { subscriptions };
}

function provenance({ jti, iat }: { readonly jti?: string | undefined; readonly iat?: number | undefined }) {
  return { ...(jti !== undefined && { tokenId: jti }), ...(iat !== undefined && { issuedAtMs: iat * 1_000 }) };
}

/** What a backend says of a connection or subscription for others to see, or to be passed on: it stays as it came. */
export const grantShape: JsonShape = members({
  info: 'source',
  data: 'source',
  meta: 'source',
  subs: each(members({ info: 'source', data: 'source' })),
});

/** The claims of a token that is known to be good, as its maker wrote them. @throws TokenFault */
export function claimsOf(token: string): unknown {
  const payload = new TextDecoder('utf-8', { fatal: true }).decode(base64url.decode(token.split('.')[1] ?? ''));
  const claims = parseJson(payload, grantShape);
  if (!claims.ok) throw new TokenFault('claim', `the claims nest deeper than ${maxJsonNesting}`);
  return claims.value;
}

/** @throws TokenFault when the claims are not those of a connection token */
export function readConnectionClaims(payload: unknown): Identity {
  const claims = parsed(connectionClaims, payload);
  return {
    user: claims.sub,
    ...expiresAtMs(claims),
    ...part('b64info', () => jsonOf('info', claims.info, claims.b64info)),
    ...(claims.meta !== undefined && { meta: claims.meta }),
    ...part('subs', () => subscriptionsOf(claims.channels, claims.subs)),
    ...(claims.caps !== undefined && { capabilities: part('caps', () => parseCapabilities(claims.caps)) }),
    ...provenance(claims),
  };
}

function parsed<Schema extends v.GenericSchema>(schema: Schema, payload: unknown): v.InferOutput<Schema> {
  const outcome = v.safeParse(schema, payload);
  if (outcome.success) return outcome.output;
  const [issue] = outcome.issues;
  const [first] = issue.path ?? [];
  const claim = typeof first?.key === 'string' ? first.key : 'payload';
  throw new TokenFault('claim', misfit(claim, first?.value, issue), { claim });
}

/** What is wrong with a claim, without what stands in it: of texts and objects that may be anybody's data. */
function misfit(claim: string, value: unknown, { type, expected, path }: v.BaseIssue<unknown>): string {
  if (claim === 'channel') {
    return value === undefined
      ? 'channel is missing: a connection token, where one for a subscription is due'
      : 'channel is there: a token for a subscription, where one for the connection is due';
  }
  if (path !== undefined && path.length > 1) return `${claim} is not of the form that PROTOCOL.md gives it`;
  if (type === 'max_length') return `${claim} is too long`;
  if (type === 'min_value' || type === 'max_value') return `${claim} is ${cite(value)}, which is no date in seconds`;
  if (type === 'base64') return `${claim} is not in base64`;
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of the type ${typeof value}`;
  return `${claim} is ${kind}, and has to be of the type ${expected ?? 'that PROTOCOL.md gives it'}`;
}

/** @throws TokenFault in place of whatever a reader of one claim throws */
function part<Part>(claim: string, read: () => Part): Part {
  try {
    return read();
  } catch {
    // What readers throw may cite the claim.
    throw new TokenFault('claim', `${claim} is not of the form that PROTOCOL.md gives it`, { claim });
  }
}

/** A subscription token's word, and for whom and what it counts. */
export interface SubscriptionClaims {
  readonly user: string;
  readonly client: string | undefined;
  readonly channel: string;
  readonly identity: Grant;
}

/** @throws TokenFault when the claims are not those of a subscription token */
export function readSubscriptionClaims(payload: unknown): SubscriptionClaims {
  const claims = parsed(subscriptionClaims, payload);
  return {
    user: claims.sub,
    client: claims.client,
    channel: claims.channel,
    identity: {
      ...expiresAtMs(claims),
      ...part('b64info', () => jsonOf('info', claims.info, claims.b64info)),
      ...overrideOf(claims.override),
      ...provenance(claims),
    },
  };
}
