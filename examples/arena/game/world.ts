/** The arena of one room: ships, shots and gems. Deterministic: the same seed and the same keys make the same game. */

import { gemPlace, type Place } from './gems.js';
import { keys } from './keys.js';
import { fly, fullTurn, type Motion } from './motion.js';
import { arenaHeight, arenaWidth, gem, ship, shot, stepsPerSec } from './rules.js';
import { SeededRandom } from './seeded-random.js';

export interface Ship extends Motion {
  /** Its place in the room, which tells it apart. */
  readonly slot: number;
  shields: number;
  /** Steps until it comes again; 0: it flies. */
  respawnIn: number;
  /** Steps for which nobody can hit it. */
  safeFor: number;
  /** Steps until it can fire again. */
  fireIn: number;
  isThrusting: boolean;
  /** Its player is away: it stays where it is, and takes no part. */
  isAway: boolean;
}

export interface Shot {
  readonly id: number;
  /** Of the ship that has fired it. */
  readonly slot: number;
  x: number;
  y: number;
  readonly angle: number;
  /** Steps that it has left. */
  stepsLeft: number;
}

/** What has happened in a step, for the score. */
export type WorldEvent =
  | { readonly kind: 'gem'; readonly by: number }
  | { readonly kind: 'hit' | 'kill'; readonly by: number; readonly of: number };

/** What a world goes on from when another node takes it over: shots are left behind. */
export interface WorldState {
  readonly seed: number;
  readonly gems: readonly number[];
  readonly ships: readonly (Motion & { readonly slot: number; readonly shields: number; readonly isAlive: boolean })[];
}

const inSteps = (sec: number) => Math.round(sec * stepsPerSec);
/** Nobody comes nearer than that to others, if it can be helped. */
const spawnDistance = 420;
const spawnAttempts = 12;

export class World {
  readonly ships = new Map<number, Ship>();
  shots: Shot[] = [];
  /** How often each gem was taken, modulo 256. */
  readonly gems: number[];
  /** Where each of them is. */
  readonly gemPlaces: Place[];
  readonly #random: SeededRandom;
  #lastShotId = 0;

  constructor(
    readonly seed: number,
    state?: WorldState,
  ) {
    this.#random = new SeededRandom(seed);
    this.gems = state === undefined ? new Array<number>(gem.count).fill(0) : [...state.gems];
    this.gemPlaces = this.gems.map((generation, index) => gemPlace(seed, index, generation));
    for (const { slot, shields, isAlive, x, y, vx, vy, angle } of state?.ships ?? []) {
      const respawnIn = isAlive ? 0 : inSteps(ship.respawnSec);
      const motion = { x, y, vx, vy, angle };
      this.ships.set(slot, {
        slot,
        shields,
        respawnIn,
        safeFor: 0,
        fireIn: 0,
        isThrusting: false,
        isAway: false,
        ...motion,
      });
    }
  }

  add(slot: number): Ship {
    const added: Ship = {
      slot,
      ...this.#freePlace(),
      shields: ship.shields,
      respawnIn: 0,
      safeFor: inSteps(ship.safeSec),
      fireIn: 0,
      isThrusting: false,
      isAway: false,
    };
    this.ships.set(slot, added);
    return added;
  }

  remove(slot: number): void {
    this.ships.delete(slot);
    this.shots = this.shots.filter((one) => one.slot !== slot);
  }

  /** @param pressedBy the keys of a ship during this step; asked for each ship, once */
  step(pressedBy: (slot: number) => number): WorldEvent[] {
    const events: WorldEvent[] = [];
    for (const one of this.ships.values()) {
      const pressed = pressedBy(one.slot);
      if (one.respawnIn > 0) this.#waitToRespawn(one);
      else if (one.isAway) Object.assign(one, { vx: 0, vy: 0, isThrusting: false });
      else this.#moveShip(one, pressed, events);
    }
    this.shots = this.shots.filter((one) => this.#moveShot(one, events));
    return events;
  }

  #moveShip(one: Ship, pressed: number, events: WorldEvent[]): void {
    fly(one, pressed);
    one.isThrusting = (pressed & keys.thrust) !== 0;
    if (one.safeFor > 0) one.safeFor--;
    if (one.fireIn > 0) one.fireIn--;
    if (pressed & keys.fire && one.fireIn === 0) this.#fire(one);
    // Not by entries(): each ship looks at each gem in each step, which is most of what a step costs.
    for (let index = 0; index < this.gemPlaces.length; index++) {
      const place = this.gemPlaces[index];
      if (place === undefined || !isNear(one, place, ship.radius + gem.radius)) continue;
      const generation = ((this.gems[index] ?? 0) + 1) % 256;
      this.gems[index] = generation;
      this.gemPlaces[index] = gemPlace(this.seed, index, generation);
      events.push({ kind: 'gem', by: one.slot });
    }
  }

  #fire(by: Ship): void {
    by.fireIn = inSteps(shot.pauseSec);
    by.safeFor = 0;
    this.#lastShotId = (this.#lastShotId + 1) % 0x1_0000;
    const { slot, angle } = by;
    const x = by.x + Math.cos(angle) * ship.radius;
    const y = by.y + Math.sin(angle) * ship.radius;
    this.shots.push({ id: this.#lastShotId, slot, x, y, angle, stepsLeft: inSteps(shot.lifeSec) });
  }

  /** @returns whether it flies on */
  #moveShot(one: Shot, events: WorldEvent[]): boolean {
    one.x += (Math.cos(one.angle) * shot.speed) / stepsPerSec;
    one.y += (Math.sin(one.angle) * shot.speed) / stepsPerSec;
    if (--one.stepsLeft <= 0 || one.x < 0 || one.y < 0 || one.x > arenaWidth || one.y > arenaHeight) return false;
    for (const other of this.ships.values()) {
      if (other.slot === one.slot || other.respawnIn > 0 || other.isAway) continue;
      if (!isNear(one, other, ship.radius + shot.radius)) continue;
      if (other.safeFor === 0) this.#hit(other, one.slot, events);
      return false;
    }
    return true;
  }

  #hit(target: Ship, by: number, events: WorldEvent[]): void {
    if (target.shields > 0) {
      target.shields--;
      events.push({ kind: 'hit', by, of: target.slot });
      return;
    }
    target.respawnIn = inSteps(ship.respawnSec);
    target.isThrusting = false;
    events.push({ kind: 'kill', by, of: target.slot });
  }

  #waitToRespawn(one: Ship): void {
    one.respawnIn--;
    if (one.respawnIn > 0) return;
    Object.assign(one, this.#freePlace(), { shields: ship.shields, safeFor: inSteps(ship.safeSec), fireIn: 0 });
  }

  /** At rest, away from the others if there is such a place. */
  #freePlace(): Motion {
    const margin = 4 * ship.radius;
    let best = { x: arenaWidth / 2, y: arenaHeight / 2 };
    let bestDistance = -1;
    for (let attempt = 0; attempt < spawnAttempts && bestDistance < spawnDistance; attempt++) {
      const x = this.#random.between(margin, arenaWidth - margin);
      const y = this.#random.between(margin, arenaHeight - margin);
      let distance = Number.POSITIVE_INFINITY;
      for (const other of this.ships.values()) distance = Math.min(distance, Math.hypot(other.x - x, other.y - y));
      if (distance > bestDistance) [best, bestDistance] = [{ x, y }, distance];
    }
    return { ...best, vx: 0, vy: 0, angle: this.#random.between(0, fullTurn) };
  }
}

function isNear(one: Place, other: Place, distance: number): boolean {
  const dx = one.x - other.x;
  const dy = one.y - other.y;
  return dx * dx + dy * dy < distance * distance;
}
