/** Which of the nodes is responsible for a name: the same answer on every node that knows the same ones. */

/** FNV-1a over UTF-16 units, then mixed, since similar texts must not get similar places. */
function scoreOf(node: string, name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < node.length; at++) hash = Math.imul(hash ^ node.charCodeAt(at), 0x01000193);
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Whether a name belongs to `candidate` rather than to `holder`. */
export function outranks(candidate: string, holder: string, name: string): boolean {
  const [score, held] = [scoreOf(candidate, name), scoreOf(holder, name)];
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
