/** Makes tokens as a backend would: signed with the first of the configured secrets. */

import { SignJWT } from 'jose/jwt/sign';
import type { Config } from '../config/config.js';
import { defined } from '../model/defined.js';

export interface TokenClaims {
  /** Empty: an anonymous connection. */
  readonly user: string;
  /** 0: it does not expire. */
  readonly ttlMs: number;
  /** Channels that the server subscribes the connection to. */
  readonly channels?: readonly string[];
  /** Makes it a subscription token for this channel. */
  readonly channel?: string;
  /** Shown to other clients. */
  readonly info?: unknown;
}

/** `undefined` when no secret is configured. */
export async function signToken({ values, secrets }: Config, claims: TokenClaims): Promise<string | undefined> {
  const [secret] = secrets;
  if (secret === undefined) return undefined;
  const { user, ttlMs, channels = [], channel, info } = claims;
  const issuer = values['token.issuer'];
  const audience = values['token.audience'];
  const nowSec = Math.floor(Date.now() / 1_000);
  const token = new SignJWT({
    ...(channels.length > 0 && { channels }),
    ...defined({ channel, info }),
  });
  token.setProtectedHeader({ alg: values['token.algorithm'], typ: 'JWT' }).setSubject(user).setIssuedAt(nowSec);
  if (ttlMs > 0) token.setExpirationTime(nowSec + Math.ceil(ttlMs / 1_000));
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}
