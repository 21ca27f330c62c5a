/** The others: smooth between ticks, a little in the past, and robust against late ones. */

import { describe, expect, it } from 'vitest';
import { tickMs } from '../game/rules.js';
import type { ShipState, Tick } from '../game/tick.js';
import { Playback } from './playback.js';

/** A ship that flies 20 units with each tick. */
function tickAt(number: number, changes: Partial<ShipState> = {}): Tick {
  const still = { slot: 0, shields: 3, isAlive: true, isThrusting: false, isAway: false, isSafe: false, ack: 0 };
  const ship = { ...still, x: 20 * number, y: 500, vx: (1_000 * 20) / tickMs, vy: 0, angle: 0, ...changes };
  return { number, seed: 1, gems: [], ships: [ship], shots: [] };
}

/** @param lateMs of each tick */
function played(count: number, lateMs: (number: number) => number = () => 0, every = 1): Playback {
  const playback = new Playback();
  for (let number = 0; number < count; number += every) {
    playback.push(tickAt(number), 1_000 + number * tickMs + lateMs(number), every === 1);
  }
  return playback;
}

const xAt = (playback: Playback, nowMs: number) => playback.at(nowMs)?.ships[0]?.x ?? Number.NaN;

describe('playback', () => {
  it('moves evenly, less than two ticks behind on a good line', () => {
    const playback = played(20);
    expect(playback.delayMs).toBeLessThan(2 * tickMs);
    const nowMs = 1_000 + 19 * tickMs;
    const steps = Array.from({ length: 10 }, (_, index) => xAt(playback, nowMs - 10 * (10 - index)));
    for (const [index, x] of steps.entries()) {
      if (index > 0) expect(x - (steps[index - 1] ?? 0)).toBeCloseTo((20 / tickMs) * 10, 6);
    }
    expect(20 * 19 - xAt(playback, nowMs)).toBeCloseTo((20 * playback.delayMs) / tickMs, 6);
  });

  it('is further behind where ticks come late, so that it still moves evenly', () => {
    const smooth = played(60);
    const jittery = played(60, (number) => (number % 3) * 20);
    expect(jittery.delayMs).toBeGreaterThan(smooth.delayMs + 20);
    expect(jittery.numLost).toBe(0);
  });

  it('follows spectators, who get every fourth tick', () => {
    const playback = played(200, () => 0, 4);
    expect(playback.numLost).toBe(0);
    expect(playback.delayMs).toBeGreaterThan(3.5 * tickMs);
    const nowMs = 1_000 + 196 * tickMs;
    expect(xAt(playback, nowMs) - xAt(playback, nowMs - 30)).toBeCloseTo((20 / tickMs) * 30, 3);
  });

  it('counts ticks that never came', () => {
    const playback = new Playback();
    for (const number of [1, 2, 5, 6]) playback.push(tickAt(number), 1_000 + number * tickMs, true);
    expect(playback.numLost).toBe(2);
  });

  it('flies straight on for a moment when nothing comes, and then waits', () => {
    const playback = played(20);
    const endMs = 1_000 + 19 * tickMs + playback.delayMs;
    expect(xAt(playback, endMs + 50)).toBeGreaterThan(20 * 19);
    expect(xAt(playback, endMs + 5_000)).toBe(xAt(playback, endMs + 6_000));
  });

  it('does not fly ships to where they come again', () => {
    const playback = played(20);
    playback.push(tickAt(20, { x: 3_000 }), 1_000 + 20 * tickMs, true);
    const nowMs = 1_000 + 19.5 * tickMs + playback.delayMs;
    expect(xAt(playback, nowMs)).toBe(3_000);
  });

  it('begins anew with a node that counts from elsewhere', () => {
    const playback = played(20);
    playback.push(tickAt(10_020), 1_000 + 20 * tickMs, true);
    expect(playback.numLost).toBe(0);
    expect(playback.at(1_000 + 20 * tickMs)?.newest.number).toBe(10_020);
  });
});
