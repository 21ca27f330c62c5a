/** Numbered messages as a page keeps them: what comes twice is left out, what was missed is noticed. */

export interface NumberedItem<Item> {
  readonly epoch: string;
  readonly number: number;
  readonly item: Item;
}

export interface Story<Item> {
  /** It is all that there is, and not what came after a position. */
  readonly isWhole: boolean;
  readonly items: readonly NumberedItem<Item>[];
}

const kept = 500;

/** In order, each once. A whole story of another epoch, or after a gap, replaces what was known. */
export function merged<Item>(
  known: readonly NumberedItem<Item>[],
  { isWhole, items }: Story<Item>,
): readonly NumberedItem<Item>[] {
  const last = known.at(-1);
  const [first] = items;
  if (first === undefined) return isWhole ? [] : known;
  if (last === undefined || (isWhole && (first.epoch !== last.epoch || first.number > last.number + 1))) return items;
  const newer = items.filter(({ epoch, number }) => epoch === last.epoch && number > last.number);
  return newer.length === 0 ? known : [...known, ...newer].slice(-kept);
}
