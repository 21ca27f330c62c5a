/** Where gems lie. A gem that is taken comes again elsewhere; its place follows from the seed, so that only a count is sent. */

import { arenaHeight, arenaWidth, gem } from './rules.js';
import { mixed } from './seeded-random.js';

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** @param generation how often the gem was taken, modulo 256 */
export function gemPlace(seed: number, index: number, generation: number): Place {
  const bits = mixed(seed ^ mixed(index * 256 + generation + 1));
  const share = (half: number) => half / 0xffff;
  return {
    x: gem.margin + share(bits & 0xffff) * (arenaWidth - 2 * gem.margin),
    y: gem.margin + share(bits >>> 16) * (arenaHeight - 2 * gem.margin),
  };
}
