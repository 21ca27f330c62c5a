/** When beats come: on a grid, never too early after one that was late, and not too many in one turn. */

import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { Beats } from './beats.js';

/** Beats of one audience, again and again. */
function beating(clock: FakeClock, beats: Beats, intervalMs: number, deliveries = 1): number[] {
  const atMs: number[] = [];
  let dueMs = clock.nowMs();
  const next = () => {
    atMs.push(clock.nowMs());
    dueMs = beats.after(dueMs, intervalMs);
    beats.at(dueMs, next);
    return deliveries;
  };
  next();
  return atMs;
}

/** A clock on which all timers that are due run in one turn. */
class TurnClock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];
  #ends: (() => void)[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(task: () => void, delayMs: number): () => void {
    const timer = { atMs: this.#nowMs + delayMs, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  afterTurn(task: () => void): void {
    this.#ends.push(task);
  }

  /** Time that passes while a task is at work. */
  work(ms: number): void {
    this.#nowMs += ms;
  }

  turn(nowMs: number): void {
    this.#nowMs = nowMs;
    const due = this.#timers.filter(({ atMs }) => atMs <= nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > nowMs);
    for (const { task } of due) task();
    for (const task of this.#ends.splice(0)) task();
  }
}

describe('beats', () => {
  test('keep their grid, also where the interval is no whole number of milliseconds', async () => {
    const clock = new FakeClock();
    const atMs = beating(clock, new Beats(clock), 1_000 / 30);
    await clock.advance(10_000);
    expect(Math.abs(atMs.length - 300.5)).toBeLessThan(1);
    expect(atMs.slice(0, 4)).toEqual([0, 34, 67, 100]);
  });

  test('begin anew when one was late, so that the next one is no earlier than an interval after it', async () => {
    const clock = new FakeClock();
    const atMs = beating(clock, new Beats(clock), 100);
    clock.work(130);
    await clock.advance(500);
    expect(atMs).toEqual([0, 130, 228, 328, 428, 528, 628]);
  });

  test('that fall together are spread over several turns', () => {
    const clock = new TurnClock();
    const beats = new Beats(clock);
    const atMs: number[] = [];
    const cancels = Array.from({ length: 6 }, () =>
      beats.at(100, () => {
        atMs.push(clock.nowMs());
        return 1_500;
      }),
    );
    for (let ms = 1; ms <= 100; ms++) clock.turn(ms);
    expect(atMs).toEqual([100, 100]);
    // Taken back while it waits for a turn with room.
    cancels.at(-1)?.();
    for (let ms = 101; ms <= 110; ms++) clock.turn(ms);
    expect(atMs).toEqual([100, 100, 101, 101, 102]);
  });

  test('that are due in the same millisecond have one timer, which goes with the last of them', async () => {
    const clock = new FakeClock();
    const beats = new Beats(clock);
    const played: [number, number][] = [];
    const cancels = [100, 99.2, 99.6, 100.1].map((dueMs, n) => beats.at(dueMs, () => played.push([n, beats.nowMs()])));
    expect(clock.numTimers).toBe(2);
    cancels[3]?.();
    expect(clock.numTimers).toBe(1);
    cancels[1]?.();
    await clock.advance(200);
    cancels[0]?.();
    expect(played).toEqual([
      [0, 100],
      [2, 100],
    ]);
    expect(clock.numTimers).toBe(0);
  });

  test('are told whether there was no room for them, and have one time as long as they are played', () => {
    const clock = new TurnClock();
    const beats = new Beats(clock);
    const played: [number, boolean, number][] = [];
    for (let n = 0; n < 3; n++) {
      beats.at(100, (isPostponed) => {
        played.push([n, isPostponed, beats.nowMs()]);
        clock.work(0.25);
        return 1_000;
      });
    }
    clock.turn(100);
    clock.turn(102);
    expect(played).toEqual([
      [0, false, 100],
      [1, false, 100],
      [2, true, 102],
    ]);
  });
});
