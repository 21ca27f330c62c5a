/**
 * F16: the backend of the connect hook is killed, hung and slow in the middle of connected clients and a storm of
 * newcomers. Short here; `npm run test:hooks:long` has 1,000 clients and 200 connects a second, and prints its figures.
 */

import { beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, type Phase, runExperiment, type Size } from './faults/experiment.js';
import type { Attempt } from './faults/storm.js';

const isLong = process.env.HOOK_FAULTS === 'long';
const size: Size = isLong
  ? { clients: 1_000, publicationsPerSec: 10, connectsPerSec: 200, faultSec: 15, healthySec: 15 }
  : { clients: 100, publicationsPerSec: 10, connectsPerSec: 50, faultSec: 4.5, healthySec: 6.5 };

/** How soon a backend that is back has to be noticed. */
const recoveryMs = 5_000;
/** Until the breaker has opened, newcomers wait for as long as the time-out is. */
const openingMs = 2_500;

/**
 * Noise: twice the worst of the healthy phases, and what a busy machine adds. The short form has seconds in which it may stand
 * still, and shows what does not wait for the backend at all; how little it waits is for the long one.
 */
const maxRatio = 2;
const slackMs = isLong ? 20 : 1_000;
/** The time-out is two seconds. */
const longestWaitMs = isLong ? 2_500 : 6_000;

let outcome: Outcome;
beforeAll(async () => {
  outcome = await runExperiment(size);
  if (isLong) print(outcome);
}, 300_000);

function phase(name: string): Phase {
  const found = outcome.phases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no phase "${name}"`);
  return found;
}

/** The live traffic's worst while all is well: what the machine itself does to everything. */
function healthyWorst(quantile: 'p50Ms' | 'p99Ms'): number {
  return Math.max(...outcome.phases.filter(({ isHealthy }) => isHealthy).map((one) => one[quantile]));
}

/** Those that were sent in the phase. */
function sentIn({ fromMs, toMs }: Phase): Attempt[] {
  return outcome.attempts.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
}

/** Those that also had their answer in it, and so had to do with no other backend. */
function attemptsIn(one: Phase, afterMs = 0): Attempt[] {
  return sentIn(one).filter(({ atMs, tookMs }) => atMs >= one.fromMs + afterMs && atMs + tookMs < one.toMs);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function waitOf(attempts: readonly Attempt[], part: number): number {
  return quantile(
    attempts.map(({ tookMs }) => tookMs),
    part,
  );
}

function codes(attempts: readonly Attempt[]): number[] {
  return [...new Set(attempts.map(({ code }) => code))].sort((a, b) => a - b);
}

describe('the connected clients', () => {
  test('get every publication, and none of them is closed', () => {
    expect(outcome.closed + outcome.refused).toBe(0);
    expect(outcome.published).toBeGreaterThan(0);
    expect(outcome.received).toBe(outcome.published * size.clients);
  });

  const faults = ['killed', 'hung', 'slower than the time-out', 'slower than newcomers come'];
  test.each(faults)('get them as soon as ever while the backend is %s', (name) => {
    const { p50Ms, p99Ms } = phase(name);
    expect(p99Ms).toBeLessThan(healthyWorst('p99Ms') * maxRatio + slackMs);
    expect(p50Ms).toBeLessThan(healthyWorst('p50Ms') * maxRatio + slackMs);
  });
});

describe('newcomers', () => {
  test.each(['killed', 'hung', 'slower than the time-out'])('are refused with 100 at once: %s', (name) => {
    const refused = attemptsIn(phase(name), openingMs);
    // In two seconds, or on a machine that hardly gets to it.
    expect(refused.length).toBeGreaterThan(isLong ? size.connectsPerSec : 10);
    expect(codes(refused)).toEqual([100]);
    // One in one or two seconds is the probe, which may take the whole time-out.
    expect(waitOf(refused, 0.95)).toBeLessThan(healthyWorst('p99Ms') + slackMs);
  });

  test.each(['killed', 'hung', 'slower than the time-out'])(
    'never wait for much longer than the time-out: %s',
    (name) => expect(waitOf(sentIn(phase(name)), 1)).toBeLessThan(longestWaitMs),
  );

  test('of a backend that is too slow for all of them, some get in, and the others are refused with 100', () => {
    const attempts = attemptsIn(phase('slower than newcomers come'));
    // 64 at once, each for 0.7 s, are some 90 a second.
    if (isLong) expect(codes(attempts)).toEqual([0, 100]);
    else expect([[0], [0, 100]]).toContainEqual(codes(attempts));
    expect(waitOf(attempts, 1)).toBeLessThan(longestWaitMs);
  });

  test.each(['back from the dead', 'woken', 'quick', 'quick again'])('get in again within 5 s: %s', (name) => {
    const attempts = attemptsIn(phase(name));
    const first = attempts.find(({ code }) => code === 0);
    expect(
      first === undefined ? Number.POSITIVE_INFINITY : first.atMs + first.tookMs - phase(name).fromMs,
    ).toBeLessThan(recoveryMs);
    const later = attemptsIn(phase(name), recoveryMs);
    expect(later.length).toBeGreaterThan(0);
    expect(codes(later)).toEqual([0]);
  });
});

test('the log says so once for each change, and no secret', () => {
  const hooks = outcome.logLines.filter((line) => line.includes('"hook":"connect"'));
  expect(hooks.length).toBeGreaterThanOrEqual(3);
  expect(hooks.length).toBeLessThanOrEqual(12);
  expect(outcome.logLines.join('\n')).not.toContain('eyJ');
});

function print({ phases, published, received }: Outcome): void {
  const rows = phases.map((one) => {
    const attempts = attemptsIn(one);
    const first = one.isHealthy ? attempts.find(({ code }) => code === 0) : undefined;
    return {
      phase: one.name,
      'live p50 ms': one.p50Ms.toFixed(1),
      'live p99 ms': one.p99Ms.toFixed(1),
      connects: attempts.length,
      'let in': attempts.filter(({ code }) => code === 0).length,
      'connect p50 ms': waitOf(attempts, 0.5).toFixed(1),
      'connect p95 ms': waitOf(attempts, 0.95).toFixed(1),
      'first let in, s': first === undefined ? '' : ((first.atMs + first.tookMs - one.fromMs) / 1_000).toFixed(2),
    };
  });
  console.table(rows);
  console.log(`${size.clients} clients, ${published} publications, ${received} deliveries`);
}
