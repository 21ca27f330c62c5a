/** The tokens that an application accepts, as an option of `fanfare()`. */

import { createHmac, createPublicKey, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { authenticateWith } from '../engine/auth/token-authenticator.js';
import {
  minSecretBytes,
  type SharedSecret,
  staticKey,
  type TokenAlgorithm,
  type TokenIssuer,
  type TokenKeys,
  tokenAlgorithms,
} from '../engine/auth/token-keys.js';
import { TokenVerifier } from '../engine/auth/token-verifier.js';
import type { Authenticator } from '../engine/ports/authenticator.js';
import { JwksKeys } from '../http/jwks.js';
import { defined } from '../model/defined.js';
import { expectKeys } from '../model/expected.js';
import { FanfareError } from '../model/fanfare-error.js';
import { slipOf } from './secret-slips.js';
import { systemClock } from './system-ports.js';

/** The required issuer and audience of a token. */
interface Provenance {
  /** The required `iss`. Default: not checked. */
  readonly issuer?: string;
  /** What `aud` must contain. Default: not checked. */
  readonly audience?: string;
}

/** One key, pinned to its algorithm. */
export interface JwtKey extends Provenance {
  /** Tokens that name another one are refused. */
  readonly algorithm: TokenAlgorithm;
  /** A shared secret for HS*, otherwise a public key in PEM. */
  readonly key: string;
  /** Used only for tokens that name it. Default: it is tried for all tokens. */
  readonly kid?: string;
}

/** A JSON Web Key Set behind an address. */
export interface JwksOptions extends Provenance {
  /** `https:`, or `http:` to this machine. Redirects are not followed. */
  readonly url: string;
  /** Default: RS256, ES256, EdDSA and Ed25519. Never a HS* one. */
  readonly algorithms?: readonly TokenAlgorithm[];
}

/** Which tokens are accepted, and from whom. */
export interface JwtOptions extends Provenance {
  /** Shared with the backends that make tokens: at least 32 bytes. Several: all are accepted, for rotation. */
  readonly secret?: string | readonly string[];
  /** Algorithm of the tokens that the secret signs. Default: `HS256`. */
  readonly algorithm?: 'HS256' | 'HS384' | 'HS512';
  /** Further keys, such as public ones. */
  readonly keys?: readonly JwtKey[];
  /**
   * Key sets of identity providers, fetched when a token names an unknown key. If there are several, each needs its
   * `issuer`, so that no provider can make tokens for another.
   */
  readonly jwks?: JwksOptions | readonly JwksOptions[];
}

const optionKeys: Record<keyof JwtOptions, true> = {
  secret: true,
  algorithm: true,
  keys: true,
  jwks: true,
  issuer: true,
  audience: true,
};

/**
 * Accepts connection tokens with the claims `sub`, `exp`, `expire_at`, `iat`, `jti`, `info`, `b64info`, `meta`,
 * `channels`, `subs`, `caps`, and subscription tokens with `channel` besides. An expired token is answered with error
 * 109, so that the client gets a new one; every other invalid one with disconnect 3500.
 *
 * @throws FanfareError `ERR_CONFIG` for a secret that is too short, an invalid key, an unsafe address
 * @example fanfare({ auth: jwt({ secret: process.env.FANFARE_SECRET ?? '' }) });
 */
export function jwt(options: JwtOptions): Authenticator {
  return authenticateWith(tokenVerifier(options, libraryNames));
}

/** Names of the options where they are set, for the log. */
export interface JwtOptionNames {
  readonly secret: string;
  readonly algorithm: string;
  readonly keys: string;
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
}

const libraryNames: JwtOptionNames = {
  secret: 'secret of jwt()',
  algorithm: 'algorithm of jwt()',
  keys: 'keys of jwt()',
  jwks: 'jwks of jwt()',
  issuer: 'issuer of jwt()',
  audience: 'audience of jwt()',
};

/** @throws FanfareError as {@link jwt} */
export function tokenVerifier(options: JwtOptions, names: JwtOptionNames): TokenVerifier {
  expectKeys('jwt(options)', options, optionKeys);
  const { issuer, audience, algorithm = 'HS256' } = options;
  const secrets = options.secret === undefined ? [] : [options.secret].flat();
  const sets = options.jwks === undefined ? [] : [options.jwks].flat();
  const common = defined({ issuer, audience });
  const provenance = { issuerOption: names.issuer, audienceOption: names.audience };
  const issuers: TokenIssuer[] = [
    ...secrets.map((key) => ({
      ...common,
      keys: staticKey(sharedSecret(key, algorithm), algorithm),
      origin: {
        ...provenance,
        option: names.secret,
        algorithms: [algorithm],
        algorithmOption: names.algorithm,
        hint: (token: string) => slipOf(token, key, algorithm),
      },
    })),
    ...(options.keys ?? []).map(({ key, algorithm: pinned, kid, ...own }) => ({
      ...common,
      ...own,
      keys: pinnedKey(key, pinned, kid),
      origin: { ...provenance, option: names.keys, algorithms: [pinned], algorithmOption: names.keys },
    })),
    ...sets.map(({ url, algorithms, ...own }) => ({
      ...common,
      ...own,
      keys: keySet(url, algorithms),
      origin: {
        ...provenance,
        option: names.jwks,
        algorithms: algorithms ?? defaultSetAlgorithms,
        algorithmOption: names.jwks,
      },
    })),
  ];
  if (issuers.length === 0) throw fault('secret, keys or jwks is needed');
  // Otherwise a provider could make tokens in the name of another one (B66).
  const named = new Set(sets.flatMap((set) => set.issuer ?? []));
  if (sets.length > 1 && named.size < sets.length) {
    throw fault('jwks: several key sets each name their own issuer');
  }
  return new TokenVerifier(issuers, systemClock);
}

const hashOf: Readonly<Record<string, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

function sharedSecret(secret: string, algorithm: TokenAlgorithm): SharedSecret {
  const bytes = Buffer.from(secret);
  if (bytes.length < minSecretBytes) throw fault(`a secret has at least ${minSecretBytes} bytes`);
  const key = createSecretKey(bytes);
  const hash = hashOf[algorithm];
  if (hash === undefined) throw fault(`a secret signs ${Object.keys(hashOf).join(', ')}, not "${algorithm}"`);
  return {
    hasSigned(signed, signature) {
      const expected = createHmac(hash, key).update(signed).digest();
      const given = Buffer.from(signature, 'base64url');
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}

function pinnedKey(key: string, algorithm: TokenAlgorithm, kid: string | undefined): TokenKeys {
  if (!tokenAlgorithms.includes(algorithm)) throw fault(`"${algorithm}" is not a known algorithm`);
  return staticKey(
    algorithm.startsWith('HS') ? sharedSecret(key, algorithm) : publicKey(key, algorithm),
    algorithm,
    kid,
  );
}

const keyTypeOf: Readonly<Record<string, readonly string[]>> = {
  RS: ['rsa'],
  PS: ['rsa'],
  ES: ['ec'],
  Ed: ['ed25519'],
};

/** OpenSSL's names of curves (RFC 7518 section 3.4). */
const curveOf: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };
const minModulusBits = 2_048;

/** A public key of the kind that the algorithm needs. */
function publicKey(pem: string, algorithm: TokenAlgorithm): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw fault(`the key for ${algorithm} is not a public key in PEM`, cause);
  }
  const kinds = keyTypeOf[algorithm.slice(0, 2)] ?? [];
  const kind = key.asymmetricKeyType ?? 'unknown';
  if (!kinds.includes(kind)) throw fault(`${algorithm} needs a key of type ${kinds.join(' or ')}, got ${kind}`);
  const { namedCurve, modulusLength = minModulusBits } = key.asymmetricKeyDetails ?? {};
  const curve = curveOf[algorithm];
  if (curve !== undefined && namedCurve !== curve)
    throw fault(`${algorithm} needs the curve ${curve}, got ${namedCurve}`);
  if (modulusLength < minModulusBits)
    throw fault(`an RSA key has at least ${minModulusBits} bits, got ${modulusLength}`);
  return key;
}

const defaultSetAlgorithms = ['RS256', 'ES256', 'EdDSA', 'Ed25519'] as const;

function keySet(address: string, algorithms: readonly TokenAlgorithm[] = defaultSetAlgorithms): TokenKeys {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isLocal = url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url === undefined || (url.protocol !== 'https:' && !isLocal))
    throw fault(`jwks: "${address}" is not an https address`);
  if (algorithms.some((algorithm) => algorithm.startsWith('HS')))
    throw fault('jwks: a shared secret is not in a key set');
  return new JwksKeys(url, algorithms, systemClock);
}

function fault(why: string, cause?: unknown): FanfareError {
  return new FanfareError('ERR_CONFIG', `jwt: ${why}`, cause === undefined ? undefined : { cause });
}
