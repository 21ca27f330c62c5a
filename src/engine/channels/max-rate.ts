/** How often a subscriber gets publications: what its client asks for, and what the rule allows. */

/** What a rule says, in publications per second and key. */
export interface RateTerms {
  /** For who asks for none. Absent: all publications. */
  readonly usual: number | undefined;
  /** The greatest that a client gets that asks. Absent: {@link greatestRate}. */
  readonly max: number | undefined;
}

/** Timers are no finer. */
export const greatestRate = 1_000;

/** What a subscriber gets. `undefined`: all publications. */
export function rateUnder(terms: RateTerms | undefined, asked: number | undefined): number | undefined {
  if (terms === undefined || asked === undefined) return terms?.usual;
  return Math.min(asked, terms.max ?? greatestRate);
}
