/** Which of the nodes is responsible for a name: the same answer on every node that knows the same ones. */

import { hashOf } from './name-hash.js';

/** Whether a name belongs to `candidate` rather than to `holder`. */
export function outranks(candidate: string, holder: string, name: string): boolean {
  const [score, held] = [hashOf(candidate + name), hashOf(holder + name)];
  return score === held ? candidate > holder : score > held;
}

/**
 * The one with the highest score (rendezvous hashing): when a node goes, only its own names move, and when one comes, only
 * those that it takes over.
 */
export function homeOf(name: string, first: string, others: Iterable<string>): string {
  let home = first;
  for (const node of others) if (outranks(node, home, name)) home = node;
  return home;
}
