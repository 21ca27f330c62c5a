/** Attacks targets with inputs that chance makes of a corpus. A seed repeats all of it; what breaks is shown with its input. */

import { SeededRandom } from '../../chaos/seeded-random.js';

export type Input = string | Uint8Array;

/** Something that reads what others have written. */
export interface FuzzTarget<Kind extends Input = Input> {
  readonly name: string;
  /** What must hold for every input, in words. */
  readonly about: string;
  readonly corpus: readonly Kind[];
  mutate(random: SeededRandom, input: Kind, corpus: readonly Kind[]): Kind;
  /** @throws Error when something does not hold */
  attack(input: Kind): unknown;
}

/** A target whatever its inputs are. */
export interface AnyTarget {
  readonly name: string;
  readonly about: string;
  /** How many inputs it begins with. */
  readonly corpus: number;
  /** @throws FuzzFault with the first input for which something does not hold */
  fuzz(seed: number, inputs: number): Promise<void>;
}

export function anyTarget<Kind extends Input>(target: FuzzTarget<Kind>): AnyTarget {
  const { name, about, corpus } = target;
  return { name, about, corpus: corpus.length, fuzz: (seed, inputs) => fuzz(target, seed, inputs) };
}

/** Of what was good enough to be changed again. */
const maxKept = 500;

/** An input for which something does not hold. */
export class FuzzFault extends Error {
  constructor(
    readonly target: string,
    readonly input: Input,
    cause: unknown,
  ) {
    super(`${target}: ${shown(input)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * First the corpus as it is, then inputs made of it and of one another, until so many were tried.
 *
 * @throws FuzzFault with the first input for which something does not hold
 */
export async function fuzz<Kind extends Input>(target: FuzzTarget<Kind>, seed: number, inputs: number): Promise<void> {
  const random = new SeededRandom(seed);
  const { corpus } = target;
  // What came of one change is where the next one begins: so chance gets further from the corpus than a few steps.
  const kept: Kind[] = [];
  for (let n = 0; n < inputs; n++) {
    const base = kept.length > 0 && random.below(3) === 0 ? random.pick(kept) : random.pick(corpus);
    const input = corpus[n] ?? target.mutate(random, base, corpus);
    try {
      const attacked = target.attack(input);
      if (attacked instanceof Promise) await attacked;
    } catch (error) {
      throw new FuzzFault(target.name, input, error);
    }
    if (random.below(4) > 0) continue;
    if (kept.length < maxKept) kept.push(input);
    else kept[random.below(maxKept)] = input;
  }
}

/** So that it can be put into a test. */
function shown(input: Input): string {
  return typeof input === 'string' ? JSON.stringify(input) : `0x${Buffer.from(input).toString('hex')}`;
}
