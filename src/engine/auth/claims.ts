/** What the claims of a token say, once its signature is known to be good. */

import { base64url } from 'jose';
import * as v from 'valibot';
import { maxJsonNesting, parseJson } from '../../model/json-parse.js';
import { decodeUtf8 } from '../../model/utf8.js';
import {
  base64,
  type GrantFields,
  grantOf,
  grantShape,
  infoFields,
  overrideField,
  readGrant,
  subscriptionFields,
  subscriptionsOf,
  unixSec,
} from '../channels/grant.js';
import { parseCapabilities } from '../names/capabilities.js';
import type { Grant, Identity } from '../ports/authenticator.js';
import { cite, TokenFault } from './token-fault.js';

const userId = v.pipe(v.string(), v.maxLength(256));

/** In tokens, `null` is a fault. */
const info = { ...infoFields, b64info: v.optional(base64) };

const connectionClaims = v.object({
  sub: v.optional(userId, ''),
  exp: v.optional(unixSec),
  iat: v.optional(unixSec),
  jti: v.optional(v.pipe(v.string(), v.maxLength(256))),
  /** When the connection ends, if that is not when the token does. 0: never. */
  expire_at: v.optional(unixSec),
  ...info,
  meta: v.optional(v.unknown()),
  channels: v.optional(v.array(v.string()), []),
  subs: v.optional(v.record(v.string(), subscriptionFields), {}),
  caps: v.optional(v.unknown()),
  /** A token for one channel is not one for all that its user may do. */
  channel: v.optional(v.never()),
});

const subscriptionClaims = v.object({
  sub: v.optional(userId, ''),
  /** The connection that it was made for; earlier tokens name it instead of the user. */
  client: v.optional(v.string()),
  channel: v.string(),
  exp: v.optional(unixSec),
  iat: v.optional(unixSec),
  jti: v.optional(v.pipe(v.string(), v.maxLength(256))),
  expire_at: v.optional(unixSec),
  ...info,
  ...overrideField,
});

/** @throws as {@link readGrant} does */
function grantOfClaims(claims: GrantFields & { readonly exp?: number | undefined }): Grant {
  return grantOf(readGrant({ ...claims, expire_at: claims.expire_at ?? claims.exp }));
}

function provenance({ jti, iat }: { readonly jti?: string | undefined; readonly iat?: number | undefined }) {
  return { ...(jti !== undefined && { tokenId: jti }), ...(iat !== undefined && { issuedAtMs: iat * 1_000 }) };
}

/** The claims of a token that is known to be good, as its maker wrote them. @throws TokenFault */
export function claimsOf(token: string): unknown {
  const payload = decodeUtf8(base64url.decode(token.split('.')[1] ?? ''));
  if (payload === undefined) throw new TokenFault('form', 'its payload is not UTF-8');
  const claims = parseJson(payload, grantShape);
  if (!claims.ok) throw new TokenFault('claim', `the claims nest deeper than ${maxJsonNesting}`);
  return claims.value;
}

/** @throws TokenFault when the claims are not those of a connection token */
export function readConnectionClaims(payload: unknown): Identity {
  const claims = parsed(connectionClaims, payload);
  return {
    user: claims.sub,
    ...part('b64info', () => grantOfClaims(claims)),
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
      ...part('b64info', () => grantOfClaims(claims)),
      ...provenance(claims),
    },
  };
}
