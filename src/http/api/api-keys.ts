/** Which keys open the API, and where in a request a key may be. */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '../endpoint.js';

/** Shorter ones can be guessed. */
export const minApiKeyBytes = 32;

export class ApiKeys {
  readonly #read: () => readonly string[];
  #known: readonly string[] = [];
  #hashes: readonly Buffer[] = [];

  /** @param read asked with every request, so that keys can be rotated; all of them are accepted */
  constructor(read: () => readonly string[]) {
    this.#read = read;
  }

  /** Takes equally long for every key of a length, right or wrong: what is compared are hashes, and all of them. */
  accepts(key: string): boolean {
    const known = this.#read();
    if (known !== this.#known) {
      this.#hashes = known.map(sha256);
      this.#known = known;
    }
    const hash = sha256(key);
    let isKnown = false;
    for (const one of this.#hashes) isKnown = timingSafeEqual(one, hash) || isKnown;
    return isKnown;
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const authorization = /^apikey +(\S+) *$/i;

/** The key that a request presents: `X-API-Key: <key>`, or `Authorization: apikey <key>`. */
export function presentedKey({ headers }: HttpRequest): string | undefined {
  const key = headers['x-api-key'];
  if (typeof key === 'string' && key !== '') return key;
  return authorization.exec(headers.authorization ?? '')?.[1];
}

/** Whether a key stands where proxies and browsers write it down. */
export function hasKeyInQuery({ query }: HttpRequest): boolean {
  return query !== '' && new URLSearchParams(query).has('api_key');
}
