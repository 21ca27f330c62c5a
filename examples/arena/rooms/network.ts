/** What rooms need of the network: which room is where, how players reach it, and what it tells them. */

import type { Input } from '../game/input-codec.js';
import type { Tick } from '../game/tick.js';
import type { OpenRoom } from './matchmaking.js';
import type { RoomState } from './room.js';
import type { Score } from './seat.js';

export interface Ticket {
  readonly user: string;
  readonly name: string;
}

/** What reaches a room, from whatever node. */
export interface RoomListener {
  onInput(user: string, input: Input): void;
  onTicket(ticket: Ticket): void;
}

/** A room that belongs to this node, as long as it is renewed once a second. */
export interface RoomHold {
  /** Resolves when nothing is missed any more. */
  serve(listener: RoomListener): Promise<void>;
  /** To all who look at the room. Slow lines may miss all but the newest. */
  tellTick(tick: Tick): Promise<void>;
  /** Into the scoreboard, which stays when the node goes; `undefined` takes a player out of it. */
  tellScores(changes: Iterable<readonly [user: string, score: Score | undefined]>): Promise<void>;
  /** @returns `false`: the room belongs to another node now, since this one stood still */
  renew(players: number): Promise<boolean>;
  /** Another node may have it, and goes on from what was told. */
  release(): Promise<void>;
  /** Nothing is left of it. */
  end(): Promise<void>;
}

/** Its promises reject when the network fails. */
export interface RoomNetwork {
  /** All rooms, of all nodes. */
  rooms(): Promise<OpenRoom[]>;
  /** `undefined`: it belongs to a node. Of several nodes that claim one at the same time one gets it. */
  claim(room: string): Promise<RoomHold | undefined>;
  /** Called with a room whose node has released it, or has died. */
  onFree(listener: (room: string) => void): Promise<unknown>;
  /** Asks the room's node for a place. @returns whether the user has one, `false` also if nobody answers */
  join(room: string, ticket: Ticket): Promise<boolean>;
  /** What was told of a room that has no node. */
  left(room: string): Promise<RoomState | undefined>;
}
