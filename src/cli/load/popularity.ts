/** How popular each of many channels is: all alike, or by Zipf's law, as channels, songs and cities are. */

import type { SeededRandom } from './random.js';

export type Popularity = { readonly kind: 'uniform' } | { readonly kind: 'zipf'; readonly exponent: number };

/** `uniform`, `zipf` (exponent 1), `zipf:1.2`; otherwise `undefined`. */
export function parsePopularity(text: string): Popularity | undefined {
  if (text === 'uniform') return { kind: 'uniform' };
  const match = /^zipf(?::(\d+(?:\.\d+)?))?$/.exec(text);
  if (match === null) return undefined;
  const exponent = Number(match[1] ?? 1);
  return exponent > 0 && exponent <= 10 ? { kind: 'zipf', exponent } : undefined;
}

export function formatPopularity(popularity: Popularity): string {
  return popularity.kind === 'uniform' ? 'uniform' : `zipf:${popularity.exponent}`;
}

/** Draws channels; uniform ones in turn, so that all get equally many. */
export class ChannelChoice {
  readonly #count: number;
  /** For each channel the share of it and of all before it; absent: uniform. */
  readonly #cumulative: Float64Array | undefined;
  #turn = 0;

  constructor(
    count: number,
    popularity: Popularity,
    private readonly random: SeededRandom,
  ) {
    this.#count = count;
    if (popularity.kind === 'uniform') return;
    this.#cumulative = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank++) {
      sum += 1 / (rank + 1) ** popularity.exponent;
      this.#cumulative[rank] = sum;
    }
    for (let rank = 0; rank < count; rank++) this.#cumulative[rank] = (this.#cumulative[rank] ?? 0) / sum;
  }

  /** The number of a channel, from 0, the most popular. */
  next(): number {
    if (this.#cumulative !== undefined) return rankAt(this.#cumulative, this.random.next());
    const channel = this.#turn;
    this.#turn = (this.#turn + 1) % this.#count;
    return channel;
  }

  /** Different ones, as many as asked for; at most all. */
  several(wanted: number): number[] {
    const chosen = new Set<number>();
    // Popular ones are drawn again and again, so the unpopular rest is taken in turn.
    for (let draws = 0; chosen.size < wanted && draws < wanted * 20; draws++) chosen.add(this.next());
    for (let channel = 0; chosen.size < Math.min(wanted, this.#count); channel++) chosen.add(channel);
    return [...chosen];
  }
}

/** The first whose cumulative share is above the value. */
function rankAt(cumulative: Float64Array, value: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cumulative[middle] ?? 1) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
