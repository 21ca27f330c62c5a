/** Reads the claims of a token with a valid signature. */

import * as v from 'valibot';
import {
  base64,
  type GrantFields,
  grantOf,
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

/** In tokens, `null` is an error. */
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
  /** A subscription token is not a connection token. */
  channel: v.optional(v.never()),
});

const subscriptionClaims = v.object({
  sub: v.optional(userId, ''),
  /** The connection that it was made for; older tokens have it instead of the user. */
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

/** Of a connection token, or why they are not those of one. */
export function readConnectionClaims(payload: unknown): Identity | TokenFault {
  return orFault(() => {
    const claims = parsed(connectionClaims, payload);
    return {
      user: claims.sub,
      ...part('b64info', () => grantOfClaims(claims)),
      ...(claims.meta !== undefined && { meta: claims.meta }),
      ...part('subs', () => subscriptionsOf(claims.channels, claims.subs)),
      ...(claims.caps !== undefined && { capabilities: part('caps', () => parseCapabilities(claims.caps)) }),
      ...provenance(claims),
    };
  });
}

function parsed<Schema extends v.GenericSchema>(schema: Schema, payload: unknown): v.InferOutput<Schema> {
  const outcome = v.safeParse(schema, payload);
  if (outcome.success) return outcome.output;
  const [issue] = outcome.issues;
  const first = issue.path?.[0];
  const claim = typeof first?.key === 'string' ? first.key : 'payload';
  throw new ClaimError(new TokenFault('claim', misfit(claim, first?.value, issue), { claim }));
}

/** The problem with a claim, without its texts and objects, which may be private data. */
function misfit(claim: string, value: unknown, { type, expected, path }: v.BaseIssue<unknown>): string {
  if (expected === 'never') return `${claim} is there: a token for a subscription, where one for the connection is due`;
  if (claim === 'channel' && value === undefined) {
    return 'channel is missing: a connection token, where one for a subscription is due';
  }
  if (path !== undefined && path.length > 1) return `${claim} is not of the form that PROTOCOL.md gives it`;
  if (type === 'max_length') return `${claim} is too long`;
  if (type === 'min_value' || type === 'max_value') return `${claim} is ${cite(value)}, which is not a date in seconds`;
  if (type === 'base64') return `${claim} is not in base64`;
  const kind = typeof value === 'object' ? cite(value) : `a value of the type ${typeof value}`;
  return `${claim} is ${kind}, and has to be of the type ${expected}`;
}

/** @throws ClaimError instead of other errors of a claim's reader */
function part<Part>(claim: string, read: () => Part): Part {
  try {
    return read();
  } catch {
    // Errors of readers may cite the claim.
    throw new ClaimError(new TokenFault('claim', `${claim} is not of the form that PROTOCOL.md gives it`, { claim }));
  }
}

/** The grant of a subscription token, with its user and channel. */
export interface SubscriptionClaims {
  readonly user: string;
  readonly client: string | undefined;
  readonly channel: string;
  readonly identity: Grant;
}

/** Of a subscription token, or why they are not those of one. */
export function readSubscriptionClaims(payload: unknown): SubscriptionClaims | TokenFault {
  return orFault(() => {
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
  });
}

/** Carries a fault out of the reader in which it was found. */
class ClaimError extends Error {
  constructor(readonly fault: TokenFault) {
    super(fault.message);
  }
}

function orFault<Claims>(read: () => Claims): Claims | TokenFault {
  try {
    return read();
  } catch (error) {
    if (error instanceof ClaimError) return error.fault;
    throw error;
  }
}
