/**
 * Shows the others smoothly: a little in the past, between two ticks that have come, and a little beyond the newest. How far
 * in the past follows from how often ticks come and how late some of them are.
 */

import { turnTo } from '../game/motion.js';
import { shot as shots, tickMs } from '../game/rules.js';
import type { ShipState, ShotState, Tick } from '../game/tick.js';

/** The arena as it is to be drawn. */
export interface Moment {
  readonly seed: number;
  readonly gems: readonly number[];
  readonly ships: readonly ShipState[];
  readonly shots: readonly ShotState[];
  /** The newest tick that has come, of which this may be the past. */
  readonly newest: Tick;
  /** How far in the past it is, from the newest tick on. */
  readonly behindMs: number;
}

/** Of ticks that are kept: a second, and more for those who get fewer. */
const maxTicks = 24;
/** The fastest way of a tick may have become slower; it is believed so fast. */
const driftMsPerTick = 0.4;
/** Ticks that differ by more are of another node, which counts anew. */
const otherCountMs = 2_000;
const maxExtrapolationMs = 120;
/** Between two ticks of 50 ms nobody sees that the second half is a guess. Spectators get a few of them, and wait for the next. */
const shareOfTick = 0.5;
const marginMs = 6;
const maxLateMs = 120;
const smoothing = 0.08;
/** Whoever moves so far between two ticks has come again elsewhere. */
const jumpDistance = 260;

export class Playback {
  #ticks: Tick[] = [];
  /** When tick 0 would have come, had it come as fast as the fastest. */
  #originMs = 0;
  /** How much later ticks come than the fastest, smoothed. */
  #lateMs = 0;
  #intervalMs = tickMs;
  /** Ticks that never came, where every one was to come. */
  numLost = 0;

  /** How far in the past the others are shown. */
  get delayMs(): number {
    const share = this.#intervalMs > 1.5 * tickMs ? 1 : shareOfTick;
    return share * this.#intervalMs + 2 * this.#lateMs + marginMs;
  }

  /** How much later ticks come than the fastest. */
  get lateMs(): number {
    return this.#lateMs;
  }

  /** @param isComplete whether every tick is to come; spectators get some */
  push(tick: Tick, nowMs: number, isComplete: boolean): void {
    const originMs = nowMs - tick.number * tickMs;
    const last = this.#ticks.at(-1);
    if (last === undefined || Math.abs(originMs - this.#originMs) > otherCountMs) {
      this.#ticks = [];
      this.#originMs = originMs;
    } else {
      const gap = tick.number - last.number;
      if (isComplete) this.numLost += gap - 1;
      this.#intervalMs += (gap * tickMs - this.#intervalMs) * smoothing;
      this.#originMs = Math.min(originMs, this.#originMs + driftMsPerTick * gap);
      // A page that stood still gets many ticks at once, all of them late: that says little of the line.
      const lateMs = Math.min(originMs - this.#originMs, maxLateMs);
      this.#lateMs += (lateMs - this.#lateMs) * smoothing;
    }
    this.#ticks.push(tick);
    if (this.#ticks.length > maxTicks) this.#ticks.shift();
  }

  /** `undefined` before the first tick. */
  at(nowMs: number): Moment | undefined {
    const newest = this.#ticks.at(-1);
    if (newest === undefined) return undefined;
    const shownMs = nowMs - this.#originMs - this.delayMs;
    const behindMs = newest.number * tickMs - shownMs;
    const next = this.#ticks.findIndex(({ number }) => number * tickMs > shownMs);
    const [from, to] = [this.#ticks[next - 1], this.#ticks[next]];
    if (to === undefined) {
      const aheadMs = Math.min(-behindMs, maxExtrapolationMs);
      return { ...newest, ...advanced(newest, this.#ticks.at(-2) ?? newest, aheadMs), newest, behindMs };
    }
    if (from === undefined) return { ...to, newest, behindMs };
    const share = (shownMs - from.number * tickMs) / ((to.number - from.number) * tickMs);
    const aheadMs = to.number * tickMs - shownMs;
    return { ...to, ships: shipsBetween(from, to, share), shots: shotsBefore(to, aheadMs, from), newest, behindMs };
  }
}

/** A tick after which all go on as they did: in their direction, and in their turn. */
function advanced(tick: Tick, before: Tick, ms: number): Pick<Tick, 'ships' | 'shots'> {
  const sec = ms / 1_000;
  const shareOfInterval = ms / (Math.max(1, tick.number - before.number) * tickMs);
  const angles = new Map(before.ships.map(({ slot, angle }) => [slot, angle]));
  return {
    ships: tick.ships.map((ship) => {
      if (!ship.isAlive || ship.isAway) return ship;
      const { x, y, vx, vy, angle } = ship;
      const turn = turnTo(angles.get(ship.slot) ?? angle, angle) * shareOfInterval;
      return { ...ship, x: x + vx * sec, y: y + vy * sec, angle: angle + turn };
    }),
    shots: tick.shots.map((one) => flown(one, sec)),
  };
}

function shipsBetween(from: Tick, to: Tick, share: number): ShipState[] {
  const before = new Map(from.ships.map((ship) => [ship.slot, ship]));
  return to.ships.map((ship) => {
    const was = before.get(ship.slot);
    if (was === undefined || Math.hypot(was.x - ship.x, was.y - ship.y) > jumpDistance) return ship;
    return {
      ...ship,
      // It is destroyed when the tick is reached that says so.
      isAlive: was.isAlive && (ship.isAlive || share < 1),
      x: was.x + (ship.x - was.x) * share,
      y: was.y + (ship.y - was.y) * share,
      angle: was.angle + turnTo(was.angle, ship.angle) * share,
    };
  });
}

/** Shots fly straight, so where they were follows from where they are. */
function shotsBefore(to: Tick, aheadMs: number, from: Tick): ShotState[] {
  const before = new Set(from.shots.map(({ id }) => id));
  return to.shots.filter(({ id }) => before.has(id) || aheadMs <= tickMs).map((one) => flown(one, -aheadMs / 1_000));
}

/** A shot so much later, or earlier. */
export function flown(one: ShotState, sec: number): ShotState {
  const distance = shots.speed * sec;
  return { ...one, x: one.x + Math.cos(one.angle) * distance, y: one.y + Math.sin(one.angle) * distance };
}
