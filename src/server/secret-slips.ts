/** Common mistakes in which a backend signs with other bytes than the secret's. Such tokens are still refused. */

import { createHmac, timingSafeEqual } from 'node:crypto';

type HmacAlgorithm = 'HS256' | 'HS384' | 'HS512';

/** What the backend may have done with the secret, and its description. */
const slips: readonly { readonly says: string; readonly made: (secret: string) => Buffer }[] = [
  { says: 'with a line break behind it', made: (secret) => Buffer.from(`${secret}\n`) },
  { says: 'with a line break (CR LF) behind it', made: (secret) => Buffer.from(`${secret}\r\n`) },
  { says: 'with a space behind it', made: (secret) => Buffer.from(`${secret} `) },
  { says: 'with quotes around it', made: (secret) => Buffer.from(`"${secret}"`) },
  { says: 'decoded from base64', made: (secret) => Buffer.from(secret, 'base64') },
  { says: 'decoded from hex', made: (secret) => Buffer.from(secret, 'hex') },
  { says: 'encoded in base64', made: (secret) => Buffer.from(Buffer.from(secret).toString('base64')) },
  { says: 'encoded in hex', made: (secret) => Buffer.from(Buffer.from(secret).toString('hex')) },
  { says: 'up to its first comma', made: (secret) => Buffer.from(secret.split(',')[0] ?? '') },
];

/** The mistake with which the token was signed; `undefined` if none fits. */
export function slipOf(token: string, secret: string, algorithm: HmacAlgorithm): string | undefined {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  const signed = token.slice(0, end);
  const found = slips.find(({ made }) => {
    const key = made(secret);
    if (key.length === 0) return false;
    const expected = createHmac(`sha${algorithm.slice(2)}`, key)
      .update(signed)
      .digest();
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  });
  return found && `it was signed with this secret ${found.says}: sign with its text as it stands`;
}
