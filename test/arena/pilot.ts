/** Somebody who plays without a page: by the page's own connection to a room, with the keys that a test presses. */

import { WebSocket } from 'ws';
import { Bot } from '../../examples/arena/game/bot.js';
import { stepsPerTick } from '../../examples/arena/game/rules.js';
import type { ShipState, Tick } from '../../examples/arena/game/tick.js';
import { World } from '../../examples/arena/game/world.js';
import { type ArenaClient, connectToArena, Match } from '../../examples/arena/page/match.js';
import type { Score } from '../../examples/arena/rooms/seat.js';

/** Between two inputs. */
const inputEveryMs = 50;

export class Pilot implements AsyncDisposable {
  readonly client: ArenaClient;
  readonly ticks: Tick[] = [];
  scores = new Map<string, Score>();
  /** Pressed until it changes. */
  keys = 0;
  #match: Match | undefined;
  #decide: (() => number) | undefined;
  #nextStep = 1;
  #timer: NodeJS.Timeout | undefined;
  readonly #listener = {
    onTick: (tick: Tick) => void this.ticks.push(tick),
    onScores: (scores: Iterable<readonly [string, Score]>) => {
      this.scores = new Map(scores);
    },
    onRoundTrip: () => undefined,
  };

  constructor(
    url: string,
    /** Whoever has the same is the same player. */
    readonly secret: string,
  ) {
    this.client = connectToArena(url, secret.padEnd(20, '-'), WebSocket);
  }

  async play(name: string, room?: string): Promise<this> {
    this.#match = await Match.play(this.client, { name, ...(room !== undefined && { room }) }, this.#listener);
    this.#timer = setInterval(() => this.#press(), inputEveryMs);
    return this;
  }

  async watch(room?: string): Promise<this> {
    this.#match = await Match.watch(this.client, room === undefined ? {} : { room }, this.#listener);
    return this;
  }

  get room(): string {
    return this.#match?.room ?? '';
  }

  get player(): string {
    return this.#match?.player ?? '';
  }

  get score(): Score | undefined {
    return this.scores.get(this.player);
  }

  get tick(): Tick | undefined {
    return this.ticks.at(-1);
  }

  /** The ship in a place, in the newest tick. */
  ship(slot: number | undefined = this.score?.slot): ShipState | undefined {
    return this.tick?.ships.find((ship) => ship.slot === slot);
  }

  /** From now on a bot decides what is pressed, by what the ticks say. */
  letBotFly(): void {
    const bot = new Bot(this.secret.length);
    this.#decide = () => {
      const { tick } = this;
      const slot = this.score?.slot;
      if (tick === undefined || slot === undefined) return 0;
      const world = new World(tick.seed, tick);
      const ship = world.ships.get(slot);
      return ship === undefined ? 0 : bot.next(ship, world);
    };
  }

  /** Says nothing more. */
  rest(): void {
    clearInterval(this.#timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.rest();
    this.client.close();
  }

  #press(): void {
    if (this.#match?.isLive !== true) return;
    this.keys = this.#decide?.() ?? this.keys;
    this.#match.press({ firstStep: this.#nextStep, keys: new Array<number>(stepsPerTick).fill(this.keys) });
    this.#nextStep = (this.#nextStep + stepsPerTick) & 0xffff;
  }
}
