/** Letting go of clients at a pace. */

import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { Session } from '../engine/session.js';
import { closePaced } from './shutdown.js';

function setup(count: number) {
  const clock = new FakeClock();
  const closedAtMs: number[] = [];
  const codes = new Set<number>();
  const sessions = Array.from({ length: count }, () => {
    const close = ({ code }: { readonly code: number }) => {
      closedAtMs.push(clock.nowMs());
      codes.add(code);
    };
    // safe: closing is all that is done to them
    return { close } as unknown as Session;
  });
  return { clock, closedAtMs, codes, sessions };
}

describe('closePaced', () => {
  test('F12: closes all with 3001, spread evenly, within the time given', async () => {
    const { clock, closedAtMs, codes, sessions } = setup(1_000);
    const done = closePaced(sessions, clock, 10_000);
    await clock.advance(10_000);
    await done;
    expect(closedAtMs).toHaveLength(1_000);
    expect(codes).toEqual(new Set([3001]));
    expect(Math.max(...closedAtMs)).toBeLessThanOrEqual(10_000);
    const perSecond = Array.from({ length: 10 }, (_, second) => {
      return closedAtMs.filter((ms) => ms >= second * 1_000 && ms < (second + 1) * 1_000).length;
    });
    for (const closed of perSecond) expect(closed).toBe(100);
    expect(clock.numTimers).toBe(0);
  });

  test.each([0, 1, 49])('in %i ms there is no time to spread: all go at once', async (withinMs) => {
    const { clock, closedAtMs, sessions } = setup(100);
    await closePaced(sessions, clock, withinMs);
    expect(closedAtMs).toEqual(Array.from({ length: 100 }, () => 0));
  });

  test('a few clients do not wait for one another longer than they have to', async () => {
    const { clock, closedAtMs, sessions } = setup(3);
    const done = closePaced(sessions, clock, 10_000);
    await clock.advance(100);
    await done;
    expect(closedAtMs).toEqual([0, 50, 100]);
  });

  test('without clients it is done at once', async () => {
    const { clock, sessions } = setup(0);
    await closePaced(sessions, clock, 10_000);
    expect(clock.numTimers).toBe(0);
  });
});
