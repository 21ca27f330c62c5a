/** The page's side of a room: its ticks, its scoreboard, and what the player presses. */

import { type Client, connect, type WebSocketConstructor } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import type { ArenaApp } from '../app.js';
import { encodeInput, type Input } from '../game/input-codec.js';
import type { Tick } from '../game/tick.js';
import { decodeTick } from '../game/tick-codec.js';
import type { Score } from '../rooms/seat.js';

export type ArenaClient = Client<ArenaApp>;

export interface MatchListener {
  onTick(tick: Tick): void;
  /** All scores, by players. */
  onScores(scores: Iterable<readonly [player: string, score: Score]>): void;
  /** The time from what was pressed until the server has it, and back. */
  onRoundTrip(ms: number): void;
}

/** Ticks that a spectator gets in a second. */
const spectatorRate = 5;

/** @param secret makes this tab a player, and lets it come back as the same one */
export function connectToArena(url: string, secret: string, websocket: WebSocketConstructor): ArenaClient {
  return connect<ArenaApp>(url, { token: secret, codec: protobuf, websocket });
}

export class Match {
  readonly #state;
  readonly #scores;

  private constructor(
    private readonly client: ArenaClient,
    readonly room: string,
    /** Whose ship is ours; absent for a spectator. */
    readonly player: string | undefined,
    private readonly listener: MatchListener,
  ) {
    const rate = player === undefined ? { maxRate: spectatorRate } : {};
    this.#state = client.channel(`state:${room}`, { bytes: true, ...rate });
    this.#state.on('message', ({ data }) => {
      const tick = decodeTick(data);
      if (tick !== undefined) listener.onTick(tick);
    });
    this.#scores = client.map(`scores:${room}`);
    for (const event of ['change', 'sync'] as const) this.#scores.on(event, () => listener.onScores(this.#scores));
  }

  /** Takes a place in a room. @throws ClientError with `protocolCode` 1503: there is none */
  static async play(
    client: ArenaClient,
    wish: { name: string; room?: string },
    listener: MatchListener,
  ): Promise<Match> {
    const { room, player } = await client.rpc('play', wish);
    return new Match(client, room, player, listener);
  }

  /** Looks on. @throws ClientError with `protocolCode` 1404: nobody plays */
  static async watch(client: ArenaClient, wish: { room?: string }, listener: MatchListener): Promise<Match> {
    const { room } = await client.rpc('watch', wish);
    return new Match(client, room, undefined, listener);
  }

  /** Whether what is pressed reaches the server. */
  get isLive(): boolean {
    return this.client.state === 'connected' && this.#state.state === 'subscribed';
  }

  press(input: Input): void {
    const sentAtMs = performance.now();
    this.client.publish(`input:${this.room}`, encodeInput(input)).then(
      () => this.listener.onRoundTrip(performance.now() - sentAtMs),
      // It is over: the next one comes in a moment.
      () => undefined,
    );
  }

  leave(): void {
    this.#state.close();
    this.#scores.close();
  }
}
