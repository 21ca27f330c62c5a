/** A pilot for ships without a player: goes for gems, and for whoever comes near. Not too good at it, so that people win. */

import type { Place } from './gems.js';
import { keys } from './keys.js';
import { fullTurn, turnTo } from './motion.js';
import { shot, stepsPerSec } from './rules.js';
import { SeededRandom } from './seeded-random.js';
import type { Ship, World } from './world.js';

/** It looks around so often, and in between does what it has decided. */
const thinkEverySteps = 9;
const seesEnemies = 520;
const firesWithin = 430;
/** How well it aims, in radians. */
const aim = 0.14;

export class Bot {
  readonly #random: SeededRandom;
  #thinkIn = 0;
  #heading = 0;
  #wantsThrust = false;
  #wantsFire = false;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#heading = this.#random.between(0, fullTurn);
  }

  /** The keys of the next step. */
  next(own: Ship, world: World): number {
    if (this.#thinkIn-- <= 0) this.#think(own, world);
    const turn = turnTo(own.angle, this.#heading);
    return (
      (turn > 0.06 ? keys.right : 0) |
      (turn < -0.06 ? keys.left : 0) |
      (this.#wantsThrust && Math.abs(turn) < 1 ? keys.thrust : 0) |
      (this.#wantsFire && Math.abs(turn) < aim ? keys.fire : 0)
    );
  }

  #think(own: Ship, world: World): void {
    this.#thinkIn = thinkEverySteps + Math.floor(this.#random.between(0, 4));
    const enemy = nearest(own, enemiesOf(own, world), seesEnemies);
    if (enemy !== undefined) {
      const [target, distance] = enemy;
      const leadSec = (distance / shot.speed) * this.#random.between(0.5, 1.2);
      this.#heading = headingTo(own, { x: target.x + target.vx * leadSec, y: target.y + target.vy * leadSec });
      this.#wantsThrust = distance > 180 || this.#random.next() < 0.2;
      this.#wantsFire = distance < firesWithin && this.#random.next() < 0.7;
      return;
    }
    this.#wantsFire = false;
    const found = nearest(own, world.gemPlaces, Number.POSITIVE_INFINITY);
    if (found === undefined) return;
    const [place, distance] = found;
    // Against its own drift, or it circles around what it wants.
    const lookAheadSec = Math.min(0.7, distance / 300);
    this.#heading = headingTo({ x: own.x + own.vx * lookAheadSec, y: own.y + own.vy * lookAheadSec }, place);
    this.#wantsThrust = this.#random.next() < 0.75;
  }
}

function* enemiesOf(own: Ship, world: World): Iterable<Ship> {
  for (const other of world.ships.values()) {
    if (other !== own && other.respawnIn === 0 && !other.isAway && other.safeFor < stepsPerSec) yield other;
  }
}

function nearest<Target extends Place>(
  from: Place,
  targets: Iterable<Target>,
  within: number,
): [Target, number] | undefined {
  let best: [Target, number] | undefined;
  for (const target of targets) {
    const distance = Math.hypot(target.x - from.x, target.y - from.y);
    if (distance < (best?.[1] ?? within)) best = [target, distance];
  }
  return best;
}

function headingTo(from: Place, to: Place): number {
  return Math.atan2(to.y - from.y, to.x - from.x);
}
