/** The commentators' desk: who knows its code gets a token that lets its bearer write, and nothing else. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SignJWT } from 'jose';

export interface DeskOptions {
  /** HMAC secret (HS256) of the tokens that the server accepts, at least 32 bytes. */
  readonly tokenSecret: string;
  readonly code: string;
}

const tokenLifetime = '2h';
/** 60 bits: too many to guess at the rate at which a client may call. */
const codeBytes = 8;

export function newDeskCode(): string {
  return randomBytes(codeBytes).toString('base64url');
}

/** @returns `undefined` for a wrong code */
export async function openDesk(
  { code, name }: { readonly code: string; readonly name: string },
  { tokenSecret, code: right }: DeskOptions,
): Promise<string | undefined> {
  if (!timingSafeEqual(digest(code), digest(right))) return undefined;
  const claims = {
    info: { name },
    caps: [{ channels: ['commentary:*'], match: 'wildcard', allow: ['pub'] }],
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(`commentator-${digest(name).toString('hex').slice(0, 12)}`)
    .setIssuedAt()
    .setExpirationTime(tokenLifetime)
    .sign(new TextEncoder().encode(tokenSecret));
}

/** Of equal length, so that the comparison tells nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
