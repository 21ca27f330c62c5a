/** Why a token is refused, for the log. The client gets a code and nothing else. */

import type { RefusalLine } from '../../model/refusal-line.js';

/**
 * `early`: not valid yet. `outlived`: the client needs another token, since this one is for an earlier connection or user of
 * the client, or is signed with a key that the provider has withdrawn or not published yet.
 * `unavailable`: the keys could not be fetched, so the token could not be checked.
 */
type TokenVerdict = 'invalid' | 'expired' | 'early' | 'outlived' | 'unavailable';

interface TokenFaultDetails {
  readonly verdict?: TokenVerdict;
  /** The claim or the field of the header that is at fault. */
  readonly claim?: string;
  /** What would let such a token in. */
  readonly option?: string;
  /** Called only when a line is written, since finding the hint costs time. */
  readonly hint?: () => string | undefined;
  readonly cause?: unknown;
}

/**
 * No error: who floods a server with bad tokens must not make it write a stack for each. Its message cites no secret, and
 * of the token only names, numbers and the issuer.
 */
export class TokenFault {
  readonly verdict: TokenVerdict;
  readonly #check: string;
  readonly #details: TokenFaultDetails;

  /** @param check a name from the code */
  constructor(
    check: string,
    readonly message: string,
    { verdict = 'invalid', ...details }: TokenFaultDetails = {},
  ) {
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

/** A claim as it may stand in the log: short, on one line, and for lists and objects the type alone. */
export function cite(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return (JSON.stringify(value) ?? 'missing').slice(0, 80);
}
