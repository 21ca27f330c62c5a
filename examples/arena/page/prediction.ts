/**
 * Flies the player's own ship at once, without waiting for the server, and goes on from the server's word when that comes: the
 * ship as the server has it, plus the steps that the server has not made yet.
 */

import { stepsBetween } from '../game/input-codec.js';
import { fly, type Motion, turnTo } from '../game/motion.js';
import type { ShipState } from '../game/tick.js';

/** A difference to the server fades in about this time; it is not shown as a jump. */
const fadeMs = 90;
/** A larger one is one: the ship has come again elsewhere. */
const jumpDistance = 160;

interface Step {
  readonly number: number;
  readonly keys: number;
}

export class Prediction {
  #pending: Step[] = [];
  #last: Motion | undefined;
  #now: Motion | undefined;
  #error = { x: 0, y: 0, angle: 0 };
  #number = 0;
  /** Whether the server moves the ship: it does not while the ship is destroyed or away. */
  #isFlying = false;

  /** Steps that the server has not confirmed. */
  get numPending(): number {
    return this.#pending.length;
  }

  /** Where the ship looks, for controls that steer towards something. */
  get angle(): number {
    return this.#now?.angle ?? 0;
  }

  /** Makes a step. @returns its number, modulo 65,536 */
  press(keys: number): number {
    this.#number = (this.#number + 1) & 0xffff;
    this.#pending.push({ number: this.#number, keys });
    if (this.#now !== undefined) {
      this.#last = { ...this.#now };
      if (this.#isFlying) fly(this.#now, keys);
    }
    return this.#number;
  }

  /** Takes the server's word. */
  correct(ship: ShipState): void {
    const before = this.#now;
    // The first word of the server says from where a page that was loaded again counts on.
    if (before === undefined && this.#pending.length === 0) this.#number = ship.ack;
    this.#isFlying = ship.isAlive && !ship.isAway;
    this.#pending = this.#pending.filter(({ number }) => stepsBetween(ship.ack, number) > 0);
    const { x, y, vx, vy, angle } = ship;
    const now: Motion = { x, y, vx, vy, angle };
    let last = { ...now };
    for (const { keys } of this.#isFlying ? this.#pending : []) {
      last = { ...now };
      fly(now, keys);
    }
    [this.#now, this.#last] = [now, last];
    if (before === undefined || Math.hypot(before.x - now.x, before.y - now.y) > jumpDistance) this.#error = noError();
    else {
      this.#error.x += before.x - now.x;
      this.#error.y += before.y - now.y;
      this.#error.angle += turnTo(now.angle, before.angle);
    }
  }

  /**
   * The ship as it is to be drawn.
   *
   * @param share of the step that is under way, 0 to 1
   * @param passedMs since the last frame
   */
  at(share: number, passedMs: number): Motion | undefined {
    if (this.#now === undefined || this.#last === undefined) return undefined;
    const left = Math.exp(-passedMs / fadeMs);
    const error = { x: this.#error.x * left, y: this.#error.y * left, angle: this.#error.angle * left };
    this.#error = error;
    const { x, y, vx, vy, angle } = this.#now;
    const { x: lastX, y: lastY, angle: lastAngle } = this.#last;
    return {
      x: lastX + (x - lastX) * share + error.x,
      y: lastY + (y - lastY) * share + error.y,
      vx,
      vy,
      angle: lastAngle + turnTo(lastAngle, angle) * share + error.angle,
    };
  }
}

function noError() {
  return { x: 0, y: 0, angle: 0 };
}
