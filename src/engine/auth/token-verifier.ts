/** Finds the issuer that has signed a token, or the reason why the token is refused. */

import { compactVerify, errors, type JWTPayload } from 'jose';
import type { Clock } from '../ports/clock.js';
import { cite, TokenFault } from './token-fault.js';
import { readToken } from './token-form.js';
import type { KeyOrigin, TokenHeader, TokenIssuer, VerificationKey } from './token-keys.js';

/** How much the clocks of two machines may differ. */
const clockToleranceSec = 10;

/** The keys could not be asked for; nothing is known about the token. */
export class KeysUnavailable extends Error {}

export class TokenVerifier {
  readonly #issuers: readonly TokenIssuer[];
  readonly #clock: Pick<Clock, 'wallMs'>;

  constructor(issuers: readonly TokenIssuer[], clock: Pick<Clock, 'wallMs'>) {
    this.#issuers = issuers;
    this.#clock = clock;
  }

  /** The verified claims. @throws TokenFault for every reason to refuse the token */
  async verify(token: string): Promise<JWTPayload> {
    const { header, payload: claimed } = readToken(token);
    this.#checkAlgorithm(header);
    // Not verified yet: it only selects among issuers that are known, and the verification below checks it.
    const meant = this.#issuers.filter(({ issuer }) => issuer === undefined || issuer === claimed.iss);
    if (meant.length === 0) throw this.#foreignIssuer(claimed.iss);
    let unavailable: { readonly error: KeysUnavailable; readonly origin: KeyOrigin | undefined } | undefined;
    const tried: TokenIssuer[] = [];
    for (const issuer of meant) {
      try {
        for (const key of await issuer.keys.find(header)) {
          tried.push(issuer);
          if (!(await this.#isSignedBy(token, key, header))) continue;
          checkClaims(claimed, issuer, this.#clock.wallMs());
          return claimed;
        }
      } catch (error) {
        // Another origin may have the key; only when none has, this one's silence counts.
        if (!(error instanceof KeysUnavailable)) throw error;
        unavailable = { error, origin: issuer.origin };
      }
    }
    if (unavailable !== undefined) throw unreachable(unavailable.error, unavailable.origin);
    throw tried.length === 0 ? noKey(header, meant) : wrongSignature(token, tried);
  }

  /** First: an algorithm that no key has is in most cases a wrong setting and not an attack. */
  #checkAlgorithm({ alg }: TokenHeader): void {
    const origins = [...new Set(this.#issuers.flatMap(({ origin }) => origin ?? []))];
    const known = origins.flatMap(({ algorithms }) => algorithms);
    // Without origins, the keys themselves say no.
    if (known.length === 0 || (alg !== undefined && known.includes(alg))) return;
    const places = [
      ...new Set(origins.map(({ algorithms, algorithmOption }) => `${algorithmOption} is ${algorithms.join(', ')}`)),
    ];
    throw new TokenFault('algorithm', `alg ${cite(alg)}, ${places.join('; ')}`, {
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

  /** Whether the token is of this key. Throws for everything that stays wrong under any key. */
  async #isSignedBy(token: string, key: VerificationKey, { alg, crit }: TokenHeader): Promise<boolean> {
    if ('hasSigned' in key) {
      if (crit !== undefined) throw new TokenFault('form', 'its header has "crit", and no extension is understood');
      const end = token.lastIndexOf('.');
      return key.hasSigned(token.slice(0, end), token.slice(end + 1));
    }
    try {
      await compactVerify(token, key, { algorithms: alg === undefined ? [] : [alg] });
      return true;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return false;
      if (error instanceof errors.JOSEError) throw new TokenFault('form', error.message.slice(0, 200));
      throw new TokenFault('key', 'the key that it names does not fit its algorithm', { cause: error });
    }
  }
}

/** What a token whose signature is right says of itself (RFC 7519, 4.1). @throws TokenFault */
function checkClaims(payload: JWTPayload, { issuer, audience, origin }: TokenIssuer, nowMs: number): void {
  const { iss, aud: audiences, nbf, exp } = payload;
  if (issuer !== undefined && iss !== issuer) {
    const option = origin?.issuerOption ?? 'issuer';
    throw new TokenFault('issuer', `iss ${cite(iss)}, ${option} is ${cite(issuer)}`, { claim: 'iss', option });
  }
  if (audience !== undefined && ![audiences].flat().includes(audience)) {
    const option = origin?.audienceOption ?? 'audience';
    const message = `aud ${aud(audiences)}, ${option} is ${cite(audience)}`;
    throw new TokenFault('audience', message, { claim: 'aud', option });
  }
  for (const claim of ['iat', 'nbf', 'exp'] as const) {
    const value: unknown = payload[claim];
    if (value === undefined || typeof value === 'number') continue;
    throw new TokenFault('claim', `${claim} is ${cite(value)} and no number of seconds`, { claim });
  }
  if (nbf !== undefined && nbf > Math.floor(nowMs / 1_000) + clockToleranceSec) throw early(nbf, nowMs);
  // The tolerance is for what begins. What has ended would let a client in only to close it.
  if (exp !== undefined && exp * 1_000 <= nowMs) throw expired(payload, nowMs);
}

function aud(value: unknown): string {
  return Array.isArray(value) ? `[${value.slice(0, 5).map(cite).join(', ')}]` : cite(value);
}

function expired({ exp = 0 }: JWTPayload, nowMs: number): TokenFault {
  const agoSec = Math.max(0, Math.floor(nowMs / 1_000 - exp));
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
  // Whoever is sent away for good would be everybody who signs in while a provider changes its keys.
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

/** Whether a date in seconds lies in the far future, and today if it is read as milliseconds. */
export function looksLikeMs(numericDate: number): boolean {
  return numericDate > 100_000_000_000;
}

function optionsOf(options: readonly string[]): string {
  return [...new Set(options)].join(', ');
}
