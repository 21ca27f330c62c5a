/** Whether two runs of a client have shown the same. */

/** What people's versions of things, and the load of a machine, change: texts are passed over, seconds may differ a little. */
export function isSame(before: unknown, after: unknown, key = ''): boolean {
  if (key === 'text') return true;
  if (typeof before === 'number' && typeof after === 'number' && key.endsWith('Sec')) {
    return Math.abs(before - after) <= Math.max(1.5, before / 5);
  }
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) {
    return before === after;
  }
  const [left, right] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...left.keys(), ...right.keys()])].every((name) => isSame(left.get(name), right.get(name), name));
}
