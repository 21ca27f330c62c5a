/** Walks a long list a slice in each turn of the event loop, so that other work proceeds. */

import type { Clock } from '../ports/clock.js';

const defaultPerTurn = 1_000;

/** The list may change meanwhile, as far as its iterator allows: that of a `Map` or a `Set` does. */
export async function* inSlices<Item>(
  items: Iterable<Item>,
  clock: Pick<Clock, 'afterTurn'>,
  perTurn = defaultPerTurn,
): AsyncGenerator<readonly Item[]> {
  let slice: Item[] = [];
  for (const item of items) {
    slice.push(item);
    if (slice.length < perTurn) continue;
    yield slice;
    slice = [];
    await new Promise<void>((resolve) => clock.afterTurn(resolve));
  }
  if (slice.length > 0) yield slice;
}
