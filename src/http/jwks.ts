/** Keys of an identity provider, fetched when needed, with limits that protect the provider. */

import type { FlattenedJWSInput, JWSHeaderParameters } from 'jose';
import * as errors from 'jose/errors';
import type { PublicKey, TokenAlgorithm, TokenHeader, TokenKeys } from '../engine/auth/token-keys.js';
import { KeysUnavailable } from '../engine/auth/token-verifier.js';
import type { Clock } from '../engine/ports/clock.js';

const timeoutMs = 2_000;
const maxSetBytes = 1_048_576;
/** A key set is fetched again after this time. */
const maxAgeMs = 600_000;
/** Between two fetches for unknown key ids, so that made-up ids do not reach the provider. */
const cooldownMs = 60_000;
/** Between two fetches while the provider fails. */
const retryMs = 5_000;

/**
 * One set of keys. jose caches it and shares fetches; this adds bounds. The set's own `alg` and `kty` must fit the
 * token, and the algorithm must be allowed.
 */
export class JwksKeys implements TokenKeys {
  readonly rotates = true;
  readonly #algorithms: ReadonlySet<string>;
  readonly #clock: Pick<Clock, 'nowMs'>;
  /** Its code is loaded here, so that servers without a key set do not load it. */
  readonly #resolve: Promise<Resolve>;
  #failedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(url: URL, algorithms: readonly TokenAlgorithm[], clock: Pick<Clock, 'nowMs'>) {
    this.#algorithms = new Set(algorithms);
    this.#clock = clock;
    this.#resolve = this.#load(url);
  }

  async find(header: TokenHeader): Promise<readonly PublicKey[]> {
    if (header.alg === undefined || !this.#algorithms.has(header.alg)) return [];
    try {
      const known = { alg: header.alg, ...(header.kid !== undefined && { kid: header.kid }) };
      const resolve = await this.#resolve;
      return [await resolve(known, { payload: '', signature: '' })];
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return [];
      if (error instanceof errors.JWKSMultipleMatchingKeys) return collect(error);
      if (!(error instanceof TooSoon)) this.#failedUntilMs = this.#clock.nowMs() + retryMs;
      throw new KeysUnavailable('the key set could not be fetched', { cause: error });
    }
  }

  async #load(url: URL): Promise<Resolve> {
    const remote = await import('jose/jwks/remote');
    return remote.createRemoteJWKSet(url, {
      timeoutDuration: timeoutMs,
      cooldownDuration: cooldownMs,
      cacheMaxAge: maxAgeMs,
      [remote.customFetch]: (address, options) => this.#fetch(address, options),
    });
  }

  /** Called only when cached keys are too old or do not fit, so a failing provider does not affect cached keys. */
  async #fetch(address: string, options: RequestInit): Promise<Response> {
    if (this.#clock.nowMs() < this.#failedUntilMs) throw new TooSoon('the provider has failed a moment ago');
    return fetchBounded(address, options);
  }
}

type Resolve = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<PublicKey>;

/** No request was made. */
class TooSoon extends Error {}

/** Without a key id several keys may fit; a few are tried. */
async function collect(matching: AsyncIterable<PublicKey>): Promise<PublicKey[]> {
  const keys: PublicKey[] = [];
  for await (const key of matching) {
    keys.push(key);
    if (keys.length === 8) break;
  }
  return keys;
}

/** Like `fetch`, with a limit for the size of answers. */
async function fetchBounded(address: string, options: RequestInit): Promise<Response> {
  const response = await fetch(address, options);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    // safe: a response's body is made of bytes
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > maxSetBytes) throw new Error(`the key set is larger than ${maxSetBytes} bytes`);
    chunks.push(bytes);
  }
  return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers });
}
