/** Finds unusable secrets: too short, placeholders, padded with white space. */

import { minSecretBytes } from '../engine/auth/token-keys.js';

/** Words of examples and templates. */
const placeholder =
  /change.?(me|it|this)|replace.?(me|this|with)|your.{0,12}(secret|key)|example|placeholder|insecure|default|password/i;
const minDistinctCharacters = 8;

/** @returns what is wrong with it, never the secret itself; or `undefined` */
export function secretFault(secret: string): string | undefined {
  const length = Buffer.byteLength(secret);
  if (length === 0) return 'is empty';
  // The signer may have trimmed it or not, and it would be hard to find out why no signature is valid.
  if (secret.trim() !== secret)
    return 'begins or ends with white space, a line break perhaps; take it off on both sides';
  if (/[\r\n]/.test(secret)) return 'has a line break; several secrets go into a file of their own, one a line';
  if (placeholder.test(secret)) return 'is a placeholder, not a secret: openssl rand -hex 32 makes one';
  if (length < minSecretBytes)
    return `has ${length} bytes; a secret has at least ${minSecretBytes}: openssl rand -hex 32 makes one`;
  if (new Set(secret).size < minDistinctCharacters) return 'is too easily guessed';
  return undefined;
}

export function looksLikeSeveral(text: string): boolean {
  const parts = text.split(',').map((part) => Buffer.byteLength(part.trim()));
  return parts.length > 1 && parts.every((length) => length >= minSecretBytes);
}
