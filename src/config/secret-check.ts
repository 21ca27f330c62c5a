/** Secrets that protect nothing: too short, left as they were in an example, or a single letter over and over. */

import { minSecretBytes } from '../engine/auth/token-keys.js';

/** Words of examples and templates. */
const placeholder =
  /change.?(me|it|this)|replace.?(me|this|with)|your.{0,12}(secret|key)|example|placeholder|insecure|default|password/i;
const minDistinctCharacters = 8;

/** @returns what is wrong with it, never the secret itself; or `undefined` */
export function secretFault(secret: string): string | undefined {
  const length = Buffer.byteLength(secret);
  if (length === 0) return 'is empty';
  if (placeholder.test(secret)) return 'is a placeholder, not a secret';
  if (length < minSecretBytes) return `has ${length} bytes; a secret has at least ${minSecretBytes}`;
  if (new Set(secret).size < minDistinctCharacters) return 'is too easily guessed';
  return undefined;
}
