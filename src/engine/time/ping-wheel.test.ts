/** One timer pings all connections. */

import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { type Pinged, PingWheel } from './ping-wheel.js';

class Recorder implements Pinged {
  readonly pingsMs: number[] = [];
  readonly pongsMs: number[] = [];

  constructor(private readonly clock: FakeClock) {}

  onPingDue(): void {
    this.pingsMs.push(this.clock.nowMs());
  }

  onPongDue(): void {
    this.pongsMs.push(this.clock.nowMs());
  }
}

function setup(intervalMs = 25_000, pongTimeoutMs = 8_000) {
  const clock = new FakeClock();
  return { clock, wheel: new PingWheel(clock, intervalMs, pongTimeoutMs), recorder: () => new Recorder(clock) };
}

describe('ping wheel', () => {
  test('pings every connection once an interval, and asks for its pong one time-out later', async () => {
    const { clock, wheel, recorder } = setup();
    const all = Array.from({ length: 60 }, recorder);
    for (const one of all) wheel.add(one);
    await clock.advance(100_000);
    for (const { pingsMs, pongsMs } of all) {
      expect(pingsMs).toHaveLength(4);
      const [first = 0] = pingsMs;
      expect(first).toBeLessThanOrEqual(25_000);
      expect(pingsMs).toEqual([0, 1, 2, 3].map((round) => first + round * 25_000));
      for (const pingMs of pingsMs.slice(0, 3)) expect(pongsMs).toContain(pingMs + 8_000);
    }
    wheel.close();
  });

  test('tells its interval and pings nobody once it is stopped', async () => {
    const { clock, wheel, recorder } = setup();
    const [before, after] = [recorder(), recorder()];
    wheel.add(before);
    wheel.stop();
    wheel.add(after);
    await clock.advance(100_000);
    expect([before.pingsMs, after.pingsMs]).toEqual([[], []]);
    expect([wheel.intervalMs, wheel.size]).toEqual([25_000, 2]);
  });

  test('spreads connections evenly over the interval, however they came', async () => {
    const { clock, wheel, recorder } = setup();
    const all = Array.from({ length: 250 }, recorder);
    for (const one of all) wheel.add(one);
    await clock.advance(25_000);
    const perSecond = new Map<number, number>();
    for (const { pingsMs } of all) perSecond.set(pingsMs[0] ?? 0, (perSecond.get(pingsMs[0] ?? 0) ?? 0) + 1);
    expect([...perSecond.values()]).toEqual(Array.from({ length: 25 }, () => 10));
    wheel.close();
  });

  test('G11: costs one timer for all, and none without connections', async () => {
    const { clock, wheel, recorder } = setup();
    const [one, other] = [recorder(), recorder()];
    const slots = [wheel.add(one), wheel.add(other)] as const;
    expect(clock.numTimers).toBe(1);
    wheel.remove(one, slots[0]);
    wheel.remove(one, slots[0]);
    expect([wheel.size, clock.numTimers]).toEqual([1, 1]);
    wheel.remove(other, slots[1]);
    expect([wheel.size, clock.numTimers]).toEqual([0, 0]);
    await clock.advance(60_000);
    expect([...one.pingsMs, ...other.pingsMs]).toEqual([]);
  });

  test('turns again for a connection that comes after all have gone', async () => {
    const { clock, wheel, recorder } = setup();
    const first = recorder();
    wheel.remove(first, wheel.add(first));
    const second = recorder();
    wheel.add(second);
    await clock.advance(25_000);
    expect(second.pingsMs).toHaveLength(1);
    wheel.close();
  });

  test('a connection may leave from within its ping or its pong', async () => {
    const { clock, wheel, recorder } = setup(3_000, 1_000);
    const stays = recorder();
    wheel.add(stays);
    let slot = -1;
    const leaving: Pinged = { onPingDue: () => undefined, onPongDue: () => wheel.remove(leaving, slot) };
    slot = wheel.add(leaving);
    await clock.advance(30_000);
    expect(wheel.size).toBe(1);
    expect(stays.pingsMs).toHaveLength(10);
    wheel.close();
  });

  test('an interval of 0 makes no pings and no timer', () => {
    const { clock, wheel, recorder } = setup(0);
    const one = recorder();
    const slot = wheel.add(one);
    wheel.remove(one, slot);
    expect([wheel.size, clock.numTimers]).toEqual([0, 0]);
  });

  test('an interval below two ticks still leaves time for a pong', async () => {
    const { clock, wheel, recorder } = setup(1_000, 500);
    const one = recorder();
    wheel.add(one);
    await clock.advance(10_000);
    const [first = 0] = one.pingsMs;
    expect(one.pongsMs).toContain(first + 1_000);
    wheel.close();
  });
});
