/** Which keys may have signed a token: each pinned to its algorithm, so that no header can make one into another. */

import type { CryptoKey, KeyObject } from 'jose';

/** Signature algorithms that tokens may have. `none` is not one. */
export const tokenAlgorithms = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Algorithms of signatures of tokens, by their names in JWTs. */
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** Shortest shared secret, in bytes. */
export const minSecretBytes = 32;

/** A shared secret. Checks at once, while jose prepares a secret for every token, which costs ten times as much. */
export interface SharedSecret {
  /** @param signed header and payload, as they stand in the token @param signature in base64url */
  readonly hasSigned: (signed: string, signature: string) => boolean;
}

export type PublicKey = CryptoKey | KeyObject | Uint8Array;
export type VerificationKey = PublicKey | SharedSecret;

/** The parts of a token's header that are looked at. `jku`, `jwk`, `x5u`, `x5c` are not: a token brings no keys. */
export interface TokenHeader {
  readonly alg?: string;
  readonly kid?: string;
  /** Extensions that must be understood; none is. */
  readonly crit?: unknown;
}

/** Keys of one origin. */
export interface TokenKeys {
  /** The provider changes its keys at any time: a key that is not found may be too new to be known here, or withdrawn. */
  readonly rotates?: boolean;
  /** Empty when none fits. Rejects when the origin cannot be reached. */
  find(header: TokenHeader): Promise<readonly VerificationKey[]>;
}

/** Where keys come from, by the names of the options that say so. */
export interface KeyOrigin {
  /** The option that holds the keys. */
  readonly option: string;
  readonly algorithms: readonly string[];
  /** The option that says so. */
  readonly algorithmOption: string;
  readonly issuerOption: string;
  readonly audienceOption: string;
  /** The mistake that may have caused a wrong signature. Never cites a key. */
  readonly hint?: (token: string) => string | undefined;
}

/** Whose tokens are accepted, and what they must say. */
export interface TokenIssuer {
  /** What `iss` must be. Absent: it is not looked at. */
  readonly issuer?: string;
  /** What `aud` must contain. Absent: it is not looked at. */
  readonly audience?: string;
  readonly keys: TokenKeys;
  /** For the log. */
  readonly origin?: KeyOrigin;
}

/** One key that is known from the start. With a `kid`, it is not tried for tokens that name another. */
export function staticKey(key: VerificationKey, algorithm: TokenAlgorithm, kid?: string): TokenKeys {
  return {
    async find(header) {
      const fits = header.alg === algorithm && (kid === undefined || header.kid === undefined || header.kid === kid);
      return fits ? [key] : [];
    },
  };
}
