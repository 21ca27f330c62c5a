/** Keeps the newest of a list. */

/** The last `max` of them; the same list when there are no more. */
export function newest<T>(list: readonly T[], max: number): readonly T[] {
  return list.length > max ? list.slice(list.length - max) : list;
}
