import { beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { Prober } from './prober.js';

const intervalMs = 30_000;

let clock: FakeClock;
let prober: Prober;
let online: Set<() => void>;
/** When probes began. */
let begunMs: number[];
let numCancelled: number;
let numPassed: number;
/** Ends the present probe. */
let answer: (passes: boolean) => void;

beforeEach(() => {
  clock = new FakeClock();
  online = new Set();
  begunMs = [];
  numCancelled = 0;
  numPassed = 0;
  prober = newProber(intervalMs);
});

function newProber(interval: number, unit = 0.5): Prober {
  return new Prober({
    intervalMs: interval,
    ports: {
      clock,
      random: { unit: () => unit },
      isOffline: () => false,
      onOnline(listener) {
        online.add(listener);
        return () => online.delete(listener);
      },
    },
    probe(onResult) {
      begunMs.push(clock.nowMs());
      answer = onResult;
      return () => numCancelled++;
    },
    onPass: () => numPassed++,
  });
}

async function fail(times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    while (begunMs.length <= n) await clock.advance(1_000);
    answer(false);
  }
}

it('asks after pauses that double, up to twenty times the first', async () => {
  prober.start(false);
  await fail(8);
  const pauses = begunMs.map((atMs, n) => (atMs - (begunMs[n - 1] ?? 0)) / intervalMs);
  expect(pauses).toEqual([1, 2, 4, 8, 16, 20, 20, 20]);
  prober.reset();
  prober.stop();
  const fromMs = clock.nowMs();
  prober.start(false);
  await clock.advance(intervalMs);
  expect(begunMs.at(-1)).toBe(fromMs + intervalMs);
});

it('asks soon the first time where WebSocket has worked before, but not again and again', async () => {
  prober.start(true);
  await clock.advance(intervalMs / 6);
  expect(begunMs).toEqual([intervalMs / 6]);
  answer(true);
  expect(numPassed).toBe(1);
  // It passed, and did not work all the same.
  prober.start(true);
  await clock.advance(intervalMs * 2 - 1);
  expect(begunMs).toHaveLength(1);
  await clock.advance(1);
  expect(begunMs).toHaveLength(2);
});

it('varies the pauses by a quarter', async () => {
  newProber(intervalMs, 0).start(false);
  newProber(intervalMs, 0.999_999).start(false);
  await clock.advance(intervalMs * 2);
  expect(begunMs[0]).toBe(intervalMs * 0.75);
  expect(begunMs[1]).toBeCloseTo(intervalMs * 1.25, -1);
});

it('asks at once when the network is back, when it would have asked some time', () => {
  const backAgain = () => {
    for (const listener of online) listener();
  };
  backAgain();
  expect(begunMs).toEqual([]);
  prober.start(false);
  backAgain();
  expect(begunMs).toEqual([0]);
  // One at a time.
  backAgain();
  expect(begunMs).toEqual([0]);
  prober.close();
  expect(online.size).toBe(0);
});

it('goes on as it is when it is started again', async () => {
  prober.start(false);
  await clock.advance(intervalMs - 1);
  prober.start(false);
  await clock.advance(1);
  expect(begunMs).toEqual([intervalMs]);
  prober.start(false);
  expect(clock.numTimers).toBe(0);
});

it('stops: in a pause, and in a probe', async () => {
  prober.start(false);
  prober.stop();
  expect(clock.numTimers).toBe(0);
  prober.start(false);
  await clock.advance(intervalMs);
  prober.stop();
  expect(numCancelled).toBe(1);
  await clock.advance(intervalMs * 100);
  expect(begunMs).toHaveLength(1);
});

it('never asks with an interval of 0', () => {
  newProber(0).start(true);
  expect(clock.numTimers).toBe(0);
});
