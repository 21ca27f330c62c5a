/** What is drawn for a moment only, and what nobody sends: wakes, sparks, bursts. They follow from how two moments differ. */

import { gemPlace } from '../game/gems.js';
import type { ShipState } from '../game/tick.js';
import type { Colours } from './palette.js';
import type { Moment } from './playback.js';

export interface Spark {
  x: number;
  y: number;
  vx: number;
  vy: number;
  readonly colour: string;
  readonly size: number;
  ageMs: number;
  readonly lifeMs: number;
}

export interface Ring {
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  readonly radius: number;
  ageMs: number;
  readonly lifeMs: number;
}

/** Points that were won, rising from the own ship. */
export interface Gain {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  ageMs: number;
}

export const gainLifeMs = 1_100;
const shakeMs = 260;
const maxSparks = 400;
const wakePoints = 22;

interface Wake {
  readonly points: { readonly x: number; readonly y: number }[];
  isSeen: boolean;
}

export class Effects {
  sparks: Spark[] = [];
  rings: Ring[] = [];
  gains: Gain[] = [];
  #shakeLeftMs = 0;
  readonly #isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  readonly #wakes = new Map<number, Wake>();
  #before = new Map<number, ShipState>();
  #gems: readonly number[] = [];

  /** How much the picture shakes, 0 to 1: the own ship was hit. */
  get shake(): number {
    return this.#isCalm ? 0 : this.#shakeLeftMs / shakeMs;
  }

  /** The own ship has won points. */
  gain(points: number, { x, y }: { readonly x: number; readonly y: number }): void {
    this.gains.push({ text: `+${points}`, x, y, ageMs: 0 });
  }

  /** The way that a ship has come, the newest point last. */
  wakeOf(slot: number): readonly { readonly x: number; readonly y: number }[] {
    return this.#wakes.get(slot)?.points ?? [];
  }

  /** @param ownSlot whose hits shake the picture */
  advance(moment: Moment, passedMs: number, colours: Colours, ownSlot: number | undefined): void {
    const colourOf = (slot: number) => colours.ofShip(slot)[0];
    this.#age(passedMs);
    this.#followGems(moment, colours.palette.gem);
    for (const wake of this.#wakes.values()) wake.isSeen = false;
    for (const ship of moment.ships) {
      const was = this.#before.get(ship.slot);
      if (was?.isAlive && !ship.isAlive) this.#burst(ship, colourOf(ship.slot), 26, 60);
      else if (was?.isAlive && ship.isAlive && ship.shields < was.shields)
        this.#burst(ship, colourOf(ship.slot), 7, 26);
      const isHit = was?.isAlive === true && (!ship.isAlive || ship.shields < was.shields);
      if (isHit && ship.slot === ownSlot) this.#shakeLeftMs = shakeMs;
      this.#follow(ship);
    }
    for (const [slot, { isSeen }] of this.#wakes) if (!isSeen) this.#wakes.delete(slot);
    this.#before = new Map(moment.ships.map((ship) => [ship.slot, ship]));
  }

  #age(passedMs: number): void {
    const sec = passedMs / 1_000;
    for (const spark of this.sparks) {
      spark.ageMs += passedMs;
      spark.x += spark.vx * sec;
      spark.y += spark.vy * sec;
    }
    for (const ring of this.rings) ring.ageMs += passedMs;
    for (const gain of this.gains) gain.ageMs += passedMs;
    this.#shakeLeftMs = Math.max(0, this.#shakeLeftMs - passedMs);
    this.gains = this.gains.filter(({ ageMs }) => ageMs < gainLifeMs);
    this.sparks = this.sparks.filter(({ ageMs, lifeMs }) => ageMs < lifeMs);
    this.rings = this.rings.filter(({ ageMs, lifeMs }) => ageMs < lifeMs);
  }

  #followGems({ seed, gems }: Moment, colour: string): void {
    for (const [index, generation] of this.#gems.entries()) {
      if (gems[index] === generation || this.#gems.length !== gems.length) continue;
      const { x, y } = gemPlace(seed, index, generation);
      this.rings.push({ x, y, colour, radius: 34, ageMs: 0, lifeMs: 360 });
      this.#scatter(x, y, colour, 5, 110);
    }
    this.#gems = gems;
  }

  #burst({ x, y }: ShipState, colour: string, numSparks: number, radius: number): void {
    this.rings.push({ x, y, colour, radius, ageMs: 0, lifeMs: 480 });
    this.#scatter(x, y, colour, numSparks, 240);
  }

  #scatter(x: number, y: number, colour: string, count: number, speed: number): void {
    for (let index = 0; index < count && this.sparks.length < maxSparks; index++) {
      const angle = Math.random() * 2 * Math.PI;
      const pace = speed * (0.3 + Math.random());
      const lifeMs = 320 + Math.random() * 420;
      const size = 1.5 + Math.random() * 2.5;
      const [vx, vy] = [Math.cos(angle) * pace, Math.sin(angle) * pace];
      this.sparks.push({ x, y, vx, vy, colour, size, ageMs: 0, lifeMs });
    }
  }

  #follow({ slot, x, y, isAlive }: ShipState): void {
    const wake = this.#wakes.get(slot) ?? { points: [], isSeen: true };
    this.#wakes.set(slot, wake);
    wake.isSeen = true;
    const last = wake.points.at(-1);
    const moved = last === undefined ? Number.POSITIVE_INFINITY : Math.hypot(last.x - x, last.y - y);
    if (!isAlive || (last !== undefined && moved > 150)) wake.points.length = 0;
    else if (moved > 4) wake.points.push({ x, y });
    else if (wake.points.length > 0) wake.points.shift();
    if (wake.points.length > wakePoints) wake.points.shift();
  }
}
