/** Which node is responsible for a name; nodes that know the same nodes agree. */

import { hashOf } from './name-hash.js';

/** Whether `candidate` is responsible for the name rather than `holder`. */
export function outranks(candidate: string, holder: string, name: string): boolean {
  const [score, held] = [hashOf(candidate + name), hashOf(holder + name)];
  return score === held ? candidate > holder : score > held;
}

/**
 * The node with the highest score (rendezvous hashing): when a node leaves, only its names move; when one joins, only
 * the names that it takes over.
 */
export function homeOf(name: string, first: string, others: Iterable<string>): string {
  let home = first;
  for (const node of others) if (outranks(node, home, name)) home = node;
  return home;
}
