/** What is behind the start: bots in a small world of the page's own. The server has no part in it. */

import { Bot } from '../game/bot.js';
import { stepsPerSec } from '../game/rules.js';
import { World } from '../game/world.js';
import type { Moment } from './playback.js';

const numBots = 9;
const stepMs = 1_000 / stepsPerSec;
const maxStepsAtOnce = 6;

export class Demo {
  readonly #world: World;
  readonly #bots: readonly Bot[];
  #nextAtMs = 0;

  constructor(seed: number) {
    this.#world = new World(seed);
    this.#bots = Array.from({ length: numBots }, (_, slot) => new Bot(seed + slot));
    for (const slot of this.#bots.keys()) this.#world.add(slot);
  }

  at(nowMs: number): Moment {
    const earliestMs = nowMs - maxStepsAtOnce * stepMs;
    for (this.#nextAtMs = Math.max(this.#nextAtMs, earliestMs); this.#nextAtMs <= nowMs; this.#nextAtMs += stepMs) {
      this.#world.step((slot) => {
        const ship = this.#world.ships.get(slot);
        return ship === undefined ? 0 : (this.#bots[slot]?.next(ship, this.#world) ?? 0);
      });
    }
    const { seed, gems, shots } = this.#world;
    const ships = [...this.#world.ships.values()].map(({ respawnIn, safeFor, ...ship }) => ({
      ...ship,
      isAlive: respawnIn === 0,
      isSafe: safeFor > 0,
      ack: 0,
    }));
    const newest = { number: 0, seed, gems, ships, shots };
    return { ...newest, newest, behindMs: 0 };
  }
}
