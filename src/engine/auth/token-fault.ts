/** Why a token is not believed, for whoever runs the server. Its client is told a code and nothing else. */

import type { RefusalLine } from '../../model/refusal-line.js';

/**
 * `early`: it will be good. `outlived`: another one is needed, since this was for an earlier connection or user of the client, or is of a
 * key that the provider has given up, or has not told of yet.
 * `unavailable`: the keys could not be asked for, so nothing is known.
 */
type TokenVerdict = 'invalid' | 'expired' | 'early' | 'outlived' | 'unavailable';

interface TokenFaultDetails {
  readonly verdict?: TokenVerdict;
  /** The claim or the field of the header that is at fault. */
  readonly claim?: string;
  /** What would let such a token in. */
  readonly option?: string;
  /** What only somebody who is about to read it is told, since it costs something to find out. */
  readonly hint?: () => string | undefined;
  readonly cause?: unknown;
}

/** Its message cites no secret and no more of the token than names, numbers and the issuer. */
export class TokenFault extends Error {
  readonly verdict: TokenVerdict;
  readonly #check: string;
  readonly #details: TokenFaultDetails;

  /** @param check a name from the code */
  constructor(check: string, message: string, { verdict = 'invalid', ...details }: TokenFaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.verdict = verdict;
    this.#check = check;
    this.#details = details;
  }

  get option(): string | undefined {
    return this.#details.option;
  }

  /** The reason, with all that can be found out. */
  explain(): string {
    const hint = this.#details.hint?.();
    return hint === undefined ? this.message : `${this.message}; ${hint}`;
  }

  line(): RefusalLine {
    const { claim, option, cause } = this.#details;
    return {
      check: `token ${this.#check}`,
      ...(claim !== undefined && { key: claim }),
      fields: { ...(claim !== undefined && { claim }), ...(option !== undefined && { option }), ...causeOf(cause) },
      message: () => `token refused: ${this.explain()}`,
      // Tokens expire every day, and their clients bring new ones.
      level: this.verdict === 'expired' ? 'info' : 'warn',
    };
  }
}

function causeOf(cause: unknown): { readonly reason?: string } {
  return cause instanceof Error ? { reason: cause.message } : {};
}

/** A value of a token's as it may be cited: short, on one line, and of objects the kind alone. */
export function cite(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return (JSON.stringify(value) ?? 'missing').slice(0, 80);
}
