/** The twin's rooms over Socket.IO: its rooms for the readers of one arena, a store for what stays and for the way between nodes. */

import { randomUUID } from 'node:crypto';
import type { Server } from 'socket.io';
import * as v from 'valibot';
import { decodeInput } from '../../../examples/arena/game/input-codec.js';
import type { Tick } from '../../../examples/arena/game/tick.js';
import { decodeTick, encodeTick } from '../../../examples/arena/game/tick-codec.js';
import type { OpenRoom } from '../../../examples/arena/rooms/matchmaking.js';
import type { RoomHold, RoomListener, RoomNetwork, Ticket } from '../../../examples/arena/rooms/network.js';
import type { RoomState } from '../../../examples/arena/rooms/room.js';
import type { Score } from '../../../examples/arena/rooms/seat.js';
import { type ScoreChange, ticketMessage } from './messages.js';
import type { Store } from './store.js';

/** Spectators get every fourth tick. */
const spectatorTicks = 4;
const joinTimeoutMs = 2_000;
const lookEveryMs = 25;

export const playersOf = (room: string) => `play:${room}`;
export const spectatorsOf = (room: string) => `watch:${room}`;

export class SocketIoNetwork implements RoomNetwork {
  readonly #node = randomUUID();

  constructor(
    private readonly io: Server,
    private readonly store: Store,
  ) {}

  rooms(): Promise<OpenRoom[]> {
    return this.store.rooms();
  }

  async claim(room: string): Promise<RoomHold | undefined> {
    const isFree = !(await this.store.rooms()).some(({ id }) => id === room);
    if (!isFree || !(await this.store.claim(room, this.#node, 0))) return undefined;
    return new Hold(this.io, this.store, room, this.#node);
  }

  onFree(listener: (room: string) => void): Promise<void> {
    return this.store.onFree(listener);
  }

  async join(room: string, ticket: Ticket): Promise<boolean> {
    await this.store.send(room, 'ticket', Buffer.from(JSON.stringify(ticket)));
    for (let waitedMs = 0; waitedMs < joinTimeoutMs; waitedMs += lookEveryMs) {
      const { scores } = await this.store.scores(room);
      if (scores.some(([player]) => player === ticket.user)) return true;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    return false;
  }

  async left(room: string): Promise<RoomState | undefined> {
    if ((await this.store.rooms()).some(({ id }) => id === room)) return undefined;
    const bytes = await this.store.tick(room);
    const tick = bytes && decodeTick(bytes);
    return tick && { tick, scores: (await this.store.scores(room)).scores };
  }
}

class Hold implements RoomHold {
  #isRenewing = false;
  #stop: () => void = () => undefined;

  constructor(
    private readonly io: Server,
    private readonly store: Store,
    private readonly room: string,
    private readonly node: string,
  ) {}

  async serve({ onInput, onTicket }: RoomListener): Promise<void> {
    this.#stop = await this.store.receive(this.room, (kind, message) => {
      if (kind === 'ticket') {
        const ticket = v.safeParse(ticketMessage, parsed(message));
        if (ticket.success) onTicket(ticket.output);
        return;
      }
      const [, user] = /^input:(.+)$/.exec(kind) ?? [];
      const input = decodeInput(message);
      if (user !== undefined && input !== undefined) onInput(user, input);
    });
  }

  async tellTick(tick: Tick): Promise<void> {
    const bytes = encodeTick(tick);
    if (!(await this.store.setTick(this.room, tick.number, bytes))) return;
    // Volatile: whoever takes no more is left out, and gets a newer one.
    this.io.to(playersOf(this.room)).volatile.emit('tick', bytes);
    if (tick.number % spectatorTicks === 0) this.io.to(spectatorsOf(this.room)).volatile.emit('tick', bytes);
  }

  async tellScores(changes: Iterable<readonly [user: string, score: Score | undefined]>): Promise<void> {
    for (const [player, score] of changes) {
      const version = await this.store.setScore(this.room, player, score);
      const change: ScoreChange = { version, player, score };
      this.io.to([playersOf(this.room), spectatorsOf(this.room)]).emit('score', change);
    }
  }

  async renew(players: number): Promise<boolean> {
    if (this.#isRenewing) return true;
    this.#isRenewing = true;
    try {
      const isOurs = await this.store.claim(this.room, this.node, players);
      if (!isOurs) this.#stop();
      return isOurs;
    } finally {
      this.#isRenewing = false;
    }
  }

  async release(): Promise<void> {
    this.#stop();
    await this.store.release(this.room, this.node);
  }

  async end(): Promise<void> {
    await this.store.end(this.room);
    await this.release();
  }
}

function parsed(message: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(message).toString());
  } catch {
    // Not one of ours: the schema refuses it.
    return undefined;
  }
}
