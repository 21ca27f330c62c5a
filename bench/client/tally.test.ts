/** A benchmark that miscounts is worse than none: lost, doubled and swapped deliveries must all be seen. */
import { beforeEach, expect, it } from 'vitest';
import { MARK_BYTE, nowUs, payloadMaker } from '../shared/payload.mjs';
import { Tally } from './tally.mjs';

const makePayload = payloadMaker(128);
let tally: Tally;

/** Delivers publications with these numbers to one subscriber. */
function deliver(subscriber: number, sequences: number[], dueUs = nowUs()) {
  for (const sequence of sequences) {
    const bytes = Buffer.from(`{"push":${JSON.stringify(makePayload(sequence, dueUs))}}`);
    tally.record(subscriber, bytes, bytes.indexOf(MARK_BYTE));
  }
}

beforeEach(() => {
  tally = new Tally({ stallMs: 20 });
  tally.begin(2, 3);
});

it('accepts each publication once and in order', async () => {
  deliver(0, [1, 2, 3]);
  deliver(1, [1, 2, 3]);
  expect(await tally.result()).toMatchObject({ deliveries: 6, expected: 6, misordered: 0, incomplete: 0 });
});

it('sees a lost publication', async () => {
  deliver(0, [1, 2, 3]);
  deliver(1, [1, 3]);
  expect(await tally.result()).toMatchObject({ deliveries: 5, expected: 6, misordered: 1, incomplete: 1 });
});

it('sees a doubled publication', async () => {
  deliver(0, [1, 2, 2, 3]);
  deliver(1, [1, 2, 3]);
  expect(await tally.result()).toMatchObject({ deliveries: 7, misordered: 1, incomplete: 0 });
});

it('sees a loss that a doubled publication hides from the sum', async () => {
  deliver(0, [1, 1, 2, 3]);
  deliver(1, [1, 2]);
  expect(await tally.result()).toMatchObject({ deliveries: 6, expected: 6, misordered: 1, incomplete: 1 });
});

it('measures latency from the moment a publication was due', async () => {
  deliver(0, [1, 2, 3], nowUs() - 250_000);
  deliver(1, [1, 2, 3], nowUs() - 250_000);
  const { latency } = await tally.result();
  const p50Ms = latency.find(({ percentile }) => percentile === 50)?.ms ?? 0;
  expect(p50Ms).toBeGreaterThanOrEqual(249);
  expect(p50Ms).toBeLessThan(1000);
});

it('rejects when a connection was lost', async () => {
  tally.abort('a connection was lost: 3010');
  await expect(tally.result()).rejects.toThrow('3010');
});

it('makes payloads of the exact size', () => {
  expect(Buffer.byteLength(JSON.stringify(makePayload(7, nowUs())))).toBe(128);
});
