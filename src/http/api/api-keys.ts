/** The keys of the API, and where a request may have one. */

import { timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '../endpoint.js';

/** Shorter ones can be guessed. */
export const minApiKeyBytes = 32;

export class ApiKeys {
  #known: readonly string[] = [];
  #bytes: readonly Buffer[] = [];

  /** @param read called for every request, so that keys can be rotated; all of them are accepted */
  constructor(private readonly read: () => readonly string[]) {}

  /** Takes equally long for all keys of a length, right or wrong, since it compares all that are as long. */
  accepts(key: string): boolean {
    const known = this.read();
    if (known !== this.#known) {
      this.#bytes = known.map((one) => Buffer.from(one));
      this.#known = known;
    }
    const given = Buffer.from(key);
    let isKnown = false;
    for (const one of this.#bytes) {
      if (one.length === given.length) isKnown = timingSafeEqual(one, given) || isKnown;
    }
    return isKnown;
  }
}

const authorization = /^apikey +(\S+) *$/i;

/** The key that a request presents: `X-API-Key: <key>`, or `Authorization: apikey <key>`. */
export function presentedKey({ headers }: Pick<HttpRequest, 'headers'>): string | undefined {
  const key = headers['x-api-key'];
  if (typeof key === 'string' && key !== '') return key;
  return authorization.exec(headers.authorization ?? '')?.[1];
}

/** Whether a key is in the query, which proxies and browsers log. */
export function hasKeyInQuery({ query }: HttpRequest): boolean {
  return query !== '' && new URLSearchParams(query).has('api_key');
}
