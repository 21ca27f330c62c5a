/** Finds the issuer that has signed a token, or the reason why the token is refused. */

import type { JWTPayload } from 'jose';
import * as errors from 'jose/errors';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { Clock } from '../ports/clock.js';
import { cite, TokenFault } from './token-fault.js';
import { TokenReader } from './token-form.js';
import type { KeyOrigin, TokenHeader, TokenIssuer, VerificationKey } from './token-keys.js';
import { clockToleranceSec, looksLikeMs, odditiesOf } from './token-oddities.js';

/** The keys could not be fetched, so nothing is known about the token. */
export class KeysUnavailable extends Error {}

export class TokenVerifier {
  readonly #issuers: readonly TokenIssuer[];
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #reader = new TokenReader();
  /** Of all keys whose origin is known. Without origins, the keys themselves say no. */
  readonly #algorithms: ReadonlySet<string | undefined>;

  constructor(issuers: readonly TokenIssuer[], clock: Pick<Clock, 'wallMs'>) {
    this.#issuers = issuers;
    this.#clock = clock;
    this.#algorithms = new Set(issuers.flatMap(({ origin }) => origin?.algorithms ?? []));
  }

  /** The verified claims, or why the token is refused. */
  async verify(token: string): Promise<JWTPayload | TokenFault> {
    const read = this.#reader.read(token);
    if (read instanceof TokenFault) return read;
    const { header, payload: claimed } = read;
    const algorithmFault = this.#findAlgorithmFault(header);
    if (algorithmFault !== undefined) return algorithmFault;
    // Not verified yet: it only selects among issuers that are known, whose keys then have to have signed it.
    const meant = this.#issuers.filter(({ issuer }) => issuer === undefined || issuer === claimed.iss);
    if (meant.length === 0) return this.#foreignIssuer(claimed.iss);
    let unavailable: { readonly error: KeysUnavailable; readonly origin: KeyOrigin | undefined } | undefined;
    const tried: TokenIssuer[] = [];
    for (const issuer of meant) {
      try {
        for (const key of await issuer.keys.find(header)) {
          tried.push(issuer);
          const isSigned = await this.#isSignedBy(token, key, header);
          if (isSigned instanceof TokenFault) return isSigned;
          if (!isSigned) continue;
          return findClaimFault(claimed, issuer, this.#clock.wallMs()) ?? claimed;
        }
      } catch (error) {
        // Another origin may have the key; only when none has, this one's silence counts.
        if (!(error instanceof KeysUnavailable)) throw error;
        unavailable = { error, origin: issuer.origin };
      }
    }
    if (unavailable !== undefined) return unreachable(unavailable.error, unavailable.origin);
    return tried.length === 0 ? noKey(header, meant) : wrongSignature(token, tried);
  }

  /** Of the claims of a token that it has verified. */
  notesOn(payload: JWTPayload): { readonly notes?: readonly RefusalLine[] } {
    const notes = odditiesOf(payload, this.#clock.wallMs());
    return notes.length === 0 ? {} : { notes };
  }

  /** First: an algorithm that no key has is in most cases a wrong setting and not an attack. */
  #findAlgorithmFault({ alg }: TokenHeader): TokenFault | undefined {
    if (this.#algorithms.size === 0 || this.#algorithms.has(alg)) return undefined;
    const origins = this.#issuers.flatMap(({ origin }) => origin ?? []);
    const places = new Set(origins.map((o) => `${o.algorithmOption} is ${o.algorithms.join(', ')}`));
    return new TokenFault('algorithm', `alg ${cite(alg)}, ${[...places].join('; ')}`, {
      claim: 'alg',
      option: optionsOf(origins.map(({ algorithmOption }) => algorithmOption)),
    });
  }

  #foreignIssuer(iss: unknown): TokenFault {
    const expected = this.#issuers.map(({ issuer }) => cite(issuer));
    const options = this.#issuers.map(({ origin }) => origin?.issuerOption ?? 'issuer');
    const message = `iss ${cite(iss)}, ${optionsOf(options)} is ${[...new Set(expected)].join(', ')}`;
    return new TokenFault('issuer', message, { claim: 'iss', option: optionsOf(options) });
  }

  /** Whether the token is of this key, or what stays wrong under any key. */
  async #isSignedBy(token: string, key: VerificationKey, { crit }: TokenHeader): Promise<boolean | TokenFault> {
    if ('hasSigned' in key) {
      if (crit !== undefined) return new TokenFault('form', 'its header has "crit", and no extension is understood');
      const end = token.lastIndexOf('.');
      return key.hasSigned(token.slice(0, end), token.slice(end + 1));
    }
    // Loaded when there is a public key, which many applications do not have.
    const { compactVerify } = await import('jose/jws/compact/verify');
    try {
      // Of the algorithm in the header, by which the key was found.
      await compactVerify(token, key);
      return true;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return false;
      if (error instanceof errors.JOSEError) return new TokenFault('form', error.message.slice(0, 200));
      return new TokenFault('key', 'the key that it names does not fit its algorithm', { cause: error });
    }
  }
}

/** Looks at the claims of a token with a valid signature (RFC 7519, 4.1). */
function findClaimFault(payload: JWTPayload, { audience, origin }: TokenIssuer, nowMs: number): TokenFault | undefined {
  const { aud: audiences, nbf, exp } = payload;
  if (audience !== undefined && ![audiences].flat().includes(audience)) {
    const option = origin?.audienceOption ?? 'audience';
    const message = `aud ${aud(audiences)}, ${option} is ${cite(audience)}`;
    return new TokenFault('audience', message, { claim: 'aud', option });
  }
  for (const claim of ['iat', 'nbf', 'exp'] as const) {
    const value: unknown = payload[claim];
    if (value === undefined || typeof value === 'number') continue;
    return new TokenFault('claim', `${claim} is ${cite(value)} and no number of seconds`, { claim });
  }
  if (nbf !== undefined && nbf > Math.floor(nowMs / 1_000) + clockToleranceSec) return early(nbf, nowMs);
  // The tolerance is only for starts. An expired token would accept a client only to close it.
  return exp !== undefined && exp * 1_000 <= nowMs ? expired(exp, nowMs) : undefined;
}

function aud(value: unknown): string {
  return Array.isArray(value) ? `[${value.slice(0, 5).map(cite).join(', ')}]` : cite(value);
}

function expired(exp: number, nowMs: number): TokenFault {
  const agoSec = Math.floor((nowMs - exp * 1_000) / 1_000);
  return new TokenFault('expiry', `exp was ${agoSec} s ago`, { verdict: 'expired', claim: 'exp' });
}

function early(nbf: number, nowMs: number): TokenFault {
  const aheadSec = Math.ceil(nbf - nowMs / 1_000);
  const why = looksLikeMs(nbf) ? 'milliseconds, it seems' : `clocks may be ${clockToleranceSec} s apart`;
  return new TokenFault('start', `nbf is ${aheadSec} s ahead of this server's clock; ${why}`, {
    verdict: 'early',
    claim: 'nbf',
  });
}

function noKey({ alg, kid }: TokenHeader, meant: readonly TokenIssuer[]): TokenFault {
  const option = optionsOf(meant.map(({ origin }) => origin?.option ?? 'keys'));
  if (kid === undefined) return new TokenFault('key', `there is no key for ${cite(alg)} in ${option}`, { option });
  // A final refusal would hit everybody who signs in while a provider changes its keys.
  const isPerhapsOnly = typeof kid === 'string' && meant.some(({ keys }) => keys.rotates);
  return new TokenFault('key', `no key for ${cite(alg)} has the kid ${cite(kid)} (${option})`, {
    claim: 'kid',
    option,
    ...(isPerhapsOnly && { verdict: 'outlived' }),
  });
}

function wrongSignature(token: string, tried: readonly TokenIssuer[]): TokenFault {
  const places = new Set(
    tried.flatMap(({ origin }) => origin ?? []).map((o) => `${o.algorithms.join('/')}, ${o.option}`),
  );
  const where = places.size === 0 ? '' : ` (${[...places].join('; ')})`;
  return new TokenFault('signature', `signature matches none of ${tried.length} keys${where}`, {
    option: optionsOf(tried.map(({ origin }) => origin?.option ?? 'keys')),
    hint: () => {
      for (const { origin } of tried) {
        const hint = origin?.hint?.(token);
        if (hint !== undefined) return hint;
      }
      return undefined;
    },
  });
}

function unreachable(error: KeysUnavailable, origin: KeyOrigin | undefined): TokenFault {
  const option = origin?.option ?? 'keys';
  // The client tries again: the token is not at fault.
  return new TokenFault('keys', `${error.message} (${option})`, {
    verdict: 'unavailable',
    option,
    cause: error.cause ?? error,
  });
}

function optionsOf(options: readonly string[]): string {
  return [...new Set(options)].join(', ');
}
