/** G1–G6 with one thing happening at a time, and proof that the tests would notice if they did not hold. */

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Stream } from '../../src/brokers/memory/stream.js';
import { countingRandom } from '../support/engine/fake-clock.js';
import { historyTtlMs, SequentialWorld, type Step } from './sequential-world.js';

const client = fc.nat({ max: 1 });
const kindsOf = <Kind extends string>(...kinds: readonly Kind[]) =>
  fc.record({ kind: fc.constantFrom(...kinds), client });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: kindsOf('connect') },
  { weight: 4, arbitrary: kindsOf('cut', 'subscribe', 'unsubscribe') },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'retry' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 1_000, historyTtlMs - 1, historyTtlMs, historyTtlMs + 1),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restart' }) },
);
const story = fc.array(step, { minLength: 1, maxLength: 25 });

function guarantees(random?: () => ReturnType<typeof countingRandom>) {
  return fc.asyncProperty(story, (steps) => new SequentialWorld(2, random?.()).run(steps));
}

/** Enough stories to meet the one that a mutant fails; the search ends with it. */
const hunt = { numRuns: 10_000 };

afterEach(() => vi.restoreAllMocks());

describe('one thing at a time', () => {
  test('G1 G2 G3 G4 G5 G6: subscribe, publish, disconnect, reconnect, expire, trim and restart in every order', () =>
    fc.assert(guarantees(), { numRuns: 300 }));

  test('the tests bite: a stream that keeps one publication too few is found out', async () => {
    const append = Stream.prototype.append;
    vi.spyOn(Stream.prototype, 'append').mockImplementation(function (this: Stream, publication, limits, nowMs) {
      return append.call(this, publication, { ...limits, size: limits.size - 1 }, nowMs);
    });
    expect((await fc.check(guarantees(), hunt)).failed).toBe(true);
  });

  test('the tests bite: an epoch that survives a restart is found out', async () => {
    const constantEpoch = () => {
      const random = countingRandom();
      let made = 0;
      // The node's own id comes first; clients' ids must stay different, and only streams must not.
      return {
        ...random,
        id: () => (new Error().stack?.includes('MemoryBroker') ? 'epoch' : `${random.id()}-${made++}`),
      };
    };
    expect((await fc.check(guarantees(constantEpoch), hunt)).failed).toBe(true);
  });
});
