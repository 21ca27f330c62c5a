import { describe, expect, it } from 'vitest';
import { LoginAttempts } from './login-attempts.js';

function attempts() {
  const clock = { now: 0, nowMs: () => clock.now };
  return { clock, made: new LoginAttempts(clock) };
}

const times = (many: number, run: () => boolean) => Array.from({ length: many }, run).filter(Boolean).length;

describe('LoginAttempts', () => {
  it('ten of an address, then one in ten seconds', () => {
    const { clock, made } = attempts();
    expect(times(20, () => made.admit('a'))).toBe(10);
    clock.now += 9_000;
    expect(made.admit('a')).toBe(false);
    clock.now += 1_000;
    expect(times(5, () => made.admit('a'))).toBe(1);
    expect(made.admit('b')).toBe(true);
  });

  it('a hundred of all addresses together, then one a second', () => {
    const { clock, made } = attempts();
    let n = 0;
    expect(times(500, () => made.admit(`address-${n++}`))).toBe(100);
    clock.now += 3_000;
    expect(times(500, () => made.admit(`address-${n++}`))).toBe(3);
  });

  it('refusals of one address do not use up what the others have', () => {
    const { made } = attempts();
    times(10_000, () => made.admit('a'));
    expect(times(5, () => made.admit('b'))).toBe(5);
  });
});
