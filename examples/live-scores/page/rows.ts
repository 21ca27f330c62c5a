/** The rows of the board in the order of the page: the newest day, and of that what is being played first. */

import type { BoardRow, State } from '../messages.js';

const order: Readonly<Record<State, number>> = { live: 0, break: 0, soon: 1, over: 2 };

export function rowsOf(entries: ReadonlyMap<string, BoardRow>): readonly BoardRow[] {
  const rows = [...entries.values()];
  const newest = Math.max(...rows.map(({ day }) => day));
  return rows
    .filter(({ day }) => day === newest)
    .sort((one, other) => order[one.state] - order[other.state] || one.id.localeCompare(other.id));
}

export function isUnderWay({ state }: BoardRow): boolean {
  return state === 'live' || state === 'break';
}
