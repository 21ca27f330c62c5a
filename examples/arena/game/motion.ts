/** How a ship flies: the same function moves it on the server and in the page that predicts it. */

import { keys } from './keys.js';
import { arenaHeight, arenaWidth, ship, stepsPerSec } from './rules.js';

/** Where a ship is, where it goes, in units a second, and where it looks, in radians from the right, clockwise. */
export interface Motion {
  x: number;
  y: number;
  vx: number;
  vy: number;
  angle: number;
}

export const fullTurn = 2 * Math.PI;
const stepSec = 1 / stepsPerSec;
const glidePerStep = ship.glide ** stepSec;

/** One step, in place. */
export function fly(motion: Motion, pressed: number): void {
  const turn = (pressed & keys.right ? 1 : 0) - (pressed & keys.left ? 1 : 0);
  motion.angle = (motion.angle + turn * ship.turnPerSec * stepSec + fullTurn) % fullTurn;
  if (pressed & keys.thrust) {
    motion.vx += Math.cos(motion.angle) * ship.thrustPerSec2 * stepSec;
    motion.vy += Math.sin(motion.angle) * ship.thrustPerSec2 * stepSec;
  } else {
    motion.vx *= glidePerStep;
    motion.vy *= glidePerStep;
  }
  const tooFast = Math.hypot(motion.vx, motion.vy) / ship.maxSpeed;
  if (tooFast > 1) {
    motion.vx /= tooFast;
    motion.vy /= tooFast;
  }
  motion.x += motion.vx * stepSec;
  motion.y += motion.vy * stepSec;
  [motion.x, motion.vx] = within(motion.x, motion.vx, arenaWidth);
  [motion.y, motion.vy] = within(motion.y, motion.vy, arenaHeight);
}

/** Walls throw back. */
function within(at: number, speed: number, size: number): [number, number] {
  if (at < ship.radius) return [ship.radius, Math.abs(speed) * ship.bounce];
  if (at > size - ship.radius) return [size - ship.radius, -Math.abs(speed) * ship.bounce];
  return [at, speed];
}

/** The shortest way from one angle to another: between −π and π. */
export function turnTo(from: number, to: number): number {
  const turn = (to - from) % fullTurn;
  if (turn > Math.PI) return turn - fullTurn;
  return turn < -Math.PI ? turn + fullTurn : turn;
}
