// @ts-check
/** What slow readers have seen against the promises of their channel's policy. */

/**
 * @param {'latest' | 'recover' | 'dropOldest' | 'disconnect'} policy
 * @param {number} publications in all
 * @param {readonly import('./reader.mjs').Seen[]} all after their lines have become fast
 * @returns {string[]} what the policy does not allow
 */
export function violations(policy, publications, all) {
  const found = [];
  for (const [n, seen] of all.entries()) {
    const of = `slow reader ${n} (${seen.bytesPerSec} bytes a second)`;
    if (seen.disorders > 0) found.push(`${of}: ${seen.disorders} out of order or twice`);
    if (policy === 'disconnect') continue;
    if (seen.end !== '') found.push(`${of}: its connection has ended: ${seen.end}`);
    else if (seen.last !== publications) found.push(`${of}: ends on ${seen.last} of ${publications}`);
    if (policy === 'recover' && seen.count !== publications) found.push(`${of}: has ${seen.count} of ${publications}`);
  }
  return found;
}
