// @ts-check
/** The channel of all subscribers, and the throw-away secret that signs the benchmark's tokens. */
import { SignJWT } from 'jose';

export const CHANNEL = 'bench:1';

export const SECRET = 'fanfare-bench-secret-for-loopback-only';

const key = new TextEncoder().encode(SECRET);

/**
 * A connection token for the user with this number.
 * @param {number} index
 */
export function connectionToken(index) {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(`user-${index}`)
    .setExpirationTime('1h')
    .sign(key);
}
