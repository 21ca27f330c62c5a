/** Tokens of tests, signed with HMAC and a secret that is text. */

import { SignJWT } from 'jose';

/** @param expiresInSec may have fractions: rounded down, a life of one second could be over at once */
export function signed(
  secret: string,
  { expiresInSec, ...claims }: { readonly expiresInSec?: number; readonly [claim: string]: unknown } = {},
): Promise<string> {
  const exp = expiresInSec === undefined ? {} : { exp: Date.now() / 1_000 + expiresInSec };
  const token = new SignJWT({ ...claims, ...exp }).setProtectedHeader({ alg: 'HS256' });
  return token.sign(new TextEncoder().encode(secret));
}
