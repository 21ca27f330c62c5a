/** What happens in a match, moment by moment, before it is anybody's message. */

import type { EventKind, Side } from '../messages.js';

interface Timed {
  /** Seconds since kick-off, breaks included. */
  readonly at: number;
  /** Seconds on the clock of the match. */
  readonly second: number;
}

export interface PhaseMoment extends Timed {
  readonly kind: 'phase';
  readonly state: 'live' | 'break' | 'over';
  /** From 1; beyond the usual ones it is overtime. */
  readonly period: number;
}

/** Where the ball is: x from the home team's goal (0) to the other one (100), y from the far side line. */
export interface BallMoment extends Timed {
  readonly kind: 'ball';
  readonly side: Side;
  readonly x: number;
  readonly y: number;
}

export interface EventMoment extends Timed {
  readonly kind: 'event';
  readonly event: EventKind;
  readonly side: Side;
  /** Number of the player on the shirt, and of another one: who passed, or who comes on. */
  readonly player: number;
  readonly other?: number;
  /** Of a basket. */
  readonly points?: number;
  /** How likely it was to be a goal. */
  readonly expected?: number;
}

export type Moment = PhaseMoment | BallMoment | EventMoment;

export const otherSide = (side: Side): Side => (side === 'home' ? 'away' : 'home');
