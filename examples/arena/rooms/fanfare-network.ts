/** Rooms over channels: a key of `rooms` says whose a room is, the last tick and the scoreboard are what is left of it. */

import { randomUUID } from 'node:crypto';
import type { FanfareApp } from 'fanfare';
import type { ArenaSchemas } from '../channels.js';
import { decodeInput } from '../game/input-codec.js';
import type { Tick } from '../game/tick.js';
import { decodeTick, encodeTick } from '../game/tick-codec.js';
import type { OpenRoom } from './matchmaking.js';
import type { RoomHold, RoomListener, RoomNetwork, Ticket } from './network.js';
import type { RoomState } from './room.js';
import type { Score } from './seat.js';

/** Of the application, what rooms use. */
export type ArenaServer = Pick<
  FanfareApp<ArenaSchemas, Record<never, never>>,
  'publish' | 'watch' | 'map' | 'history' | 'removeHistory'
>;

/** How long another node may take to give a place. */
const joinTimeoutMs = 2_000;
const lookEveryMs = 25;

export class FanfareNetwork implements RoomNetwork {
  readonly #node = randomUUID();

  constructor(private readonly app: ArenaServer) {}

  async rooms(): Promise<OpenRoom[]> {
    const rooms: OpenRoom[] = [];
    for await (const { key: id, value } of this.app.map('rooms')) rooms.push({ id, players: value.players });
    return rooms;
  }

  async claim(room: string): Promise<RoomHold | undefined> {
    const hold = new Hold(this.app, room, this.#node);
    return (await hold.set(0, 0)) ? hold : undefined;
  }

  async onFree(listener: (room: string) => void): Promise<unknown> {
    return this.app.watch('rooms', ({ key = '', removed }) => {
      if (removed) listener(key);
    });
  }

  async join(room: string, ticket: Ticket): Promise<boolean> {
    await this.app.publish(`door:${room}`, ticket);
    for (let waitedMs = 0; waitedMs < joinTimeoutMs; waitedMs += lookEveryMs) {
      if ((await this.app.map(`scores:${room}`).get(ticket.user)) !== undefined) return true;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    return false;
  }

  async left(room: string): Promise<RoomState | undefined> {
    if ((await this.app.map('rooms').get(room)) !== undefined) return undefined;
    const { publications } = await this.app.history(`state:${room}`, { limit: 1, reverse: true });
    const tick = publications[0] && decodeTick(publications[0].data);
    if (tick === undefined) return undefined;
    const scores: [string, Score][] = [];
    for await (const { key, value } of this.app.map(`scores:${room}`)) scores.push([key, value]);
    return { tick, scores };
  }
}

class Hold implements RoomHold {
  #version = 0;
  #isRenewing = false;
  #stops: readonly (() => void)[] = [];

  constructor(
    private readonly app: ArenaServer,
    private readonly room: string,
    private readonly node: string,
  ) {}

  /** Only one node can change the version that it expects. 0: there is no key. */
  async set(players: number, expectedVersion: number): Promise<boolean> {
    const set = await this.app.map('rooms').set(this.room, { node: this.node, players }, { expectedVersion });
    if (set.ok) this.#version = set.version;
    return set.ok;
  }

  async serve({ onInput, onTicket }: RoomListener): Promise<void> {
    this.#stops = await Promise.all([
      this.app.watch(`input:${this.room}`, ({ data, info }) => {
        const input = decodeInput(data);
        if (input !== undefined && info !== undefined) onInput(info.user, input);
      }),
      this.app.watch(`door:${this.room}`, ({ data }) => onTicket(data)),
    ]);
  }

  async tellTick(tick: Tick): Promise<void> {
    // Of two nodes that both believe that the room is theirs, only the newer one is heard.
    await this.app.publish(`state:${this.room}`, encodeTick(tick), { version: tick.number });
  }

  async tellScores(changes: Iterable<readonly [user: string, score: Score | undefined]>): Promise<void> {
    const scores = this.app.map(`scores:${this.room}`);
    const told = Array.from(changes, ([user, score]) =>
      score === undefined ? scores.remove(user) : scores.set(user, score),
    );
    await Promise.all(told);
  }

  async renew(players: number): Promise<boolean> {
    if (this.#isRenewing) return true;
    this.#isRenewing = true;
    try {
      // A key that has gone, since this node or the broker stood still, is nobody's yet.
      return (await this.set(players, this.#version)) || (await this.set(players, 0)) || this.#stop();
    } finally {
      this.#isRenewing = false;
    }
  }

  async release(): Promise<void> {
    this.#stop();
    await this.app.map('rooms').remove(this.room, { expectedVersion: this.#version });
  }

  async end(): Promise<void> {
    const scores = this.app.map(`scores:${this.room}`);
    for await (const { key } of scores) await scores.remove(key);
    await this.app.removeHistory(`state:${this.room}`);
    await this.release();
  }

  #stop(): false {
    for (const stop of this.#stops) stop();
    return false;
  }
}
