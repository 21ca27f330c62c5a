/** What the twin's page and server say to each other, and the checks of it: nobody else makes them. */

import * as v from 'valibot';
import { playerName, roomId } from '../../../examples/arena/channels.js';
import { maxInputBytes } from '../../../examples/arena/game/input-codec.js';
import type { Score } from '../../../examples/arena/rooms/seat.js';

export const playWish = v.object({ name: playerName, room: v.optional(roomId) });
export const watchWish = v.object({ room: v.optional(roomId) });
export const inputMessage = v.pipe(
  v.instance(Uint8Array),
  v.check((bytes) => bytes.length <= maxInputBytes, 'too long'),
);
export const ticketMessage = v.object({ user: v.string(), name: playerName });
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const scoreMessage = v.object({
  slot: count,
  name: playerName,
  isBot: v.boolean(),
  points: count,
  kills: count,
  deaths: count,
});

/** An answer: what was asked for, or a refusal with a code. */
export type Answer<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly code: number; readonly message: string };

/** The scoreboard as it was after so many changes. */
export interface ScoreState {
  readonly version: number;
  readonly scores: readonly (readonly [player: string, score: Score])[];
}

export interface ScoreChange {
  /** One more than that of the change before. */
  readonly version: number;
  readonly player: string;
  /** Absent: the player is gone. */
  readonly score?: Score | undefined;
}

/** What a page gets when it enters a room. */
export interface Entered {
  readonly room: string;
  readonly player?: string;
  readonly scores: ScoreState;
  readonly tick?: Uint8Array | undefined;
}
