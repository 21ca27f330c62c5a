/** A tick: the whole arena at one moment, as clients are sent it, so that none needs the one before. */

import type { Motion } from './motion.js';

export interface ShipState extends Motion {
  readonly slot: number;
  readonly shields: number;
  readonly isAlive: boolean;
  readonly isThrusting: boolean;
  readonly isAway: boolean;
  readonly isSafe: boolean;
  /** The number of the last step of its player that is in the tick; modulo 65,536. */
  readonly ack: number;
}

export interface ShotState {
  /** Modulo 65,536. */
  readonly id: number;
  readonly slot: number;
  readonly x: number;
  readonly y: number;
  readonly angle: number;
}

export interface Tick {
  /** Counts up by one, and jumps when another node takes the room over. */
  readonly number: number;
  /** Where gems come, with how often each was taken, modulo 256. */
  readonly seed: number;
  readonly gems: readonly number[];
  readonly ships: readonly ShipState[];
  readonly shots: readonly ShotState[];
}
