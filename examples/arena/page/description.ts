/** The arena in words, for those who cannot see the canvas: where everybody is, the own ship first. */

import type { ShipState } from '../game/tick.js';
import type { Moment } from './playback.js';

/** @param ownSlot absent: somebody looks on */
export function describe({ ships }: Moment, ownSlot: number | undefined, nameOf: (slot: number) => string): string {
  const sorted = ships.toSorted((a, b) => Number(b.slot === ownSlot) - Number(a.slot === ownSlot) || a.slot - b.slot);
  return sorted.map((ship) => oneOf(ship, ship.slot === ownSlot, nameOf(ship.slot))).join('; ');
}

function oneOf({ x, y, shields, isAlive, isAway }: ShipState, isOwn: boolean, name: string): string {
  const who = isOwn ? `${name} (you)` : name;
  if (!isAlive) return `${who} destroyed`;
  return `${who} at ${x.toFixed(0)}, ${y.toFixed(0)}, ${shields} shields${isAway ? ', away' : ''}`;
}
