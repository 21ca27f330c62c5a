/** Finds unusable secrets: too short, placeholders, padded with white space. */

import { minSecretBytes } from '../engine/auth/token-keys.js';

/** Of a password that is typed in, and whose guessing is made slow. */
const minPasswordBytes = 12;
const minDistinctInPassword = 6;
/** Words of examples and templates. */
const placeholder =
  /change.?(me|it|this)|replace.?(me|this|with)|your.{0,12}(secret|key)|example|placeholder|insecure|default|password/i;
const minDistinctCharacters = 8;

export interface Strength {
  readonly minBytes: number;
  readonly minDistinct: number;
  /** A command that makes a good one. */
  readonly advice: string;
}

/** Of secrets that programs use. */
export const strongSecret: Strength = {
  minBytes: minSecretBytes,
  minDistinct: minDistinctCharacters,
  advice: 'openssl rand -hex 32',
};
/** Of passwords that people type. */
export const strongPassword: Strength = {
  minBytes: minPasswordBytes,
  minDistinct: minDistinctInPassword,
  advice: 'openssl rand -base64 18',
};

/** @returns what is wrong with it, never the secret itself; or `undefined` */
export function secretFault(secret: string, { minBytes, minDistinct, advice } = strongSecret): string | undefined {
  const length = Buffer.byteLength(secret);
  if (length === 0) return 'is empty';
  // The signer may have trimmed it or not, and it would be hard to find out why no signature is valid.
  if (secret.trim() !== secret)
    return 'begins or ends with white space, a line break perhaps; take it off on both sides';
  if (/[\r\n]/.test(secret)) return 'has a line break; several secrets go into a file of their own, one a line';
  if (placeholder.test(secret)) return `is a placeholder, not a secret: ${advice} makes one`;
  if (length < minBytes) return `has ${length} bytes; at least ${minBytes} are needed: ${advice} makes one`;
  if (new Set(secret).size < minDistinct) return 'is too easily guessed';
  return undefined;
}

export function looksLikeSeveral(text: string): boolean {
  const parts = text.split(',').map((part) => Buffer.byteLength(part.trim()));
  return parts.length > 1 && parts.every((length) => length >= minSecretBytes);
}
