/** Subjects of NATS: tokens between dots, of which a pattern may leave some open. */

/**
 * What stands for each `*` of the pattern; `undefined` if the subject is none of its. `>` is any further tokens, at least
 * one.
 */
export function matched(pattern: string, subject: string): readonly string[] | undefined {
  const [tokens, found] = [pattern.split('.'), subject.split('.')];
  const open: string[] = [];
  for (const [n, token] of tokens.entries()) {
    const own = found[n];
    if (own === undefined) return undefined;
    if (token === '>') return open;
    if (token === '*') open.push(own);
    else if (token !== own) return undefined;
  }
  return found.length === tokens.length ? open : undefined;
}

export function covers(pattern: string, subject: string): boolean {
  return pattern === subject || matched(pattern, subject) !== undefined;
}
