/** What the twin keeps of rooms: whose they are, their last ticks, their scoreboards. In this process. */

import type { OpenRoom } from '../../../examples/arena/rooms/matchmaking.js';
import type { Score } from '../../../examples/arena/rooms/seat.js';
import type { ScoreState } from './messages.js';

export interface Store {
  rooms(): Promise<OpenRoom[]>;
  /** Whether the room belongs to the node from now on, for three seconds. */
  claim(room: string, node: string, players: number): Promise<boolean>;
  release(room: string, node: string): Promise<void>;
  onFree(listener: (room: string) => void): Promise<void>;
  setTick(room: string, number: number, tick: Uint8Array): Promise<boolean>;
  tick(room: string): Promise<Uint8Array | undefined>;
  /** @returns the version of the scoreboard with it */
  setScore(room: string, player: string, score: Score | undefined): Promise<number>;
  scores(room: string): Promise<ScoreState>;
  end(room: string): Promise<void>;
  /** To the node that has the room. */
  send(room: string, kind: string, message: Uint8Array): Promise<void>;
  receive(room: string, listener: (kind: string, message: Uint8Array) => void): Promise<() => void>;
}

export const claimMs = 3_000;

interface Kept {
  node: string;
  players: number;
  untilMs: number;
  tickNumber: number;
  tick: Uint8Array | undefined;
  version: number;
  readonly scores: Map<string, Score>;
  listener: ((kind: string, message: Uint8Array) => void) | undefined;
}

export class MemoryStore implements Store {
  readonly #rooms = new Map<string, Kept>();
  readonly #onFree: ((room: string) => void)[] = [];

  async rooms(): Promise<OpenRoom[]> {
    const nowMs = performance.now();
    return [...this.#rooms].filter(([, { untilMs }]) => untilMs > nowMs).map(([id, { players }]) => ({ id, players }));
  }

  async claim(room: string, node: string, players: number): Promise<boolean> {
    const kept = this.#room(room);
    const nowMs = performance.now();
    if (kept.untilMs > nowMs && kept.node !== node) return false;
    Object.assign(kept, { node, players, untilMs: nowMs + claimMs });
    return true;
  }

  async release(room: string, node: string): Promise<void> {
    const kept = this.#rooms.get(room);
    if (kept?.node !== node) return;
    kept.untilMs = 0;
    for (const listener of this.#onFree) listener(room);
  }

  async onFree(listener: (room: string) => void): Promise<void> {
    this.#onFree.push(listener);
  }

  async setTick(room: string, number: number, tick: Uint8Array): Promise<boolean> {
    const kept = this.#room(room);
    if (number <= kept.tickNumber) return false;
    Object.assign(kept, { tickNumber: number, tick });
    return true;
  }

  async tick(room: string): Promise<Uint8Array | undefined> {
    return this.#rooms.get(room)?.tick;
  }

  async setScore(room: string, player: string, score: Score | undefined): Promise<number> {
    const kept = this.#room(room);
    if (score === undefined) kept.scores.delete(player);
    else kept.scores.set(player, score);
    return ++kept.version;
  }

  async scores(room: string): Promise<ScoreState> {
    const { version = 0, scores = [] } = this.#rooms.get(room) ?? {};
    return { version, scores: [...scores] };
  }

  async end(room: string): Promise<void> {
    this.#rooms.delete(room);
  }

  async send(room: string, kind: string, message: Uint8Array): Promise<void> {
    this.#rooms.get(room)?.listener?.(kind, message);
  }

  async receive(room: string, listener: (kind: string, message: Uint8Array) => void): Promise<() => void> {
    const kept = this.#room(room);
    kept.listener = listener;
    return () => {
      kept.listener = undefined;
    };
  }

  #room(room: string): Kept {
    let kept = this.#rooms.get(room);
    if (kept === undefined) {
      kept = {
        node: '',
        players: 0,
        untilMs: 0,
        tickNumber: 0,
        tick: undefined,
        version: 0,
        scores: new Map(),
        listener: undefined,
      };
      this.#rooms.set(room, kept);
    }
    return kept;
  }
}
