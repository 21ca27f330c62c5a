/** Events reach their backend at least once and in order, or are counted as lost. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { HookBackend } from '../../../test/support/servers/hook-backend.js';
import { EventDelivery } from './event-delivery.js';
import { signatureHeaders } from './signature.js';

let backend: HookBackend;
let clock: FakeClock;
let lines: string[];
let delivery: EventDelivery;

beforeEach(async () => {
  backend = await HookBackend.start();
  clock = new FakeClock();
  lines = [];
  delivery = make();
});
afterEach(async () => {
  const closed = delivery.close(0);
  await clock.advance(0);
  await closed;
  await backend[Symbol.asyncDispose]();
});

function make(maxQueuedEvents = 1_000): EventDelivery {
  const log = (level: string) => (fields: object) => {
    lines.push(`${level} ${Object.keys(fields).slice(2).join(',')}`.trim());
  };
  const made = new EventDelivery(
    {
      endpoint: { url: new URL(`${backend.url}/events`), timeoutMs: 1_000, staticHeaders: { 'x-own': 'yes' } },
      maxQueuedEvents,
      secrets: ['s'.repeat(32)],
    },
    {
      clock,
      random: countingRandom(),
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    },
  );
  made.nodeId = 'node-1';
  return made;
}

function add(from: number, to = from): void {
  for (let n = from; n <= to; n++) delivery.add({ n });
}

/** The events of each batch, by their numbers. */
function batches(): number[][] {
  // safe: the events of this test have numbers
  return backend.calls.map(({ body }) => (body.events as { n: number }[]).map(({ n }) => n));
}

/** Moves the clock on until the backend has got that many batches. */
async function advanceUntil(numBatches: number): Promise<void> {
  while (backend.calls.length < numBatches) await clock.advance(50);
}

async function drained(): Promise<void> {
  while (delivery.queued > 0) await clock.settle();
}

test('what happens in one turn is one batch, signed, with the node that it is about', async () => {
  backend.on('/events', () => ({}));
  add(1, 3);
  expect(backend.calls).toEqual([]);
  await clock.settle();
  await drained();
  expect(batches()).toEqual([[1, 2, 3]]);
  const [call] = backend.calls;
  expect(call?.body.node).toBe('node-1');
  const signature = signatureHeaders(call?.text ?? '', ['s'.repeat(32)], 1_700_000_000);
  expect(call?.headers).toMatchObject({ 'x-own': 'yes', 'x-fanfare-signature': signature['X-Fanfare-Signature'] });
  expect([delivery.delivered, delivery.dropped]).toEqual([3, 0]);
});

test('one batch is under way at a time, of a hundred events at most', async () => {
  let isAnswered = () => {};
  backend.on('/events', () => new Promise((resolve) => (isAnswered = () => resolve({}))));
  add(1);
  await clock.settle();
  await backend.waitFor('/events', 1);
  add(2, 150);
  await clock.settle();
  expect(backend.calls).toHaveLength(1);
  expect([delivery.numInFlight, delivery.numWaiting]).toEqual([1, 149]);
  backend.on('/events', () => ({}));
  isAnswered();
  await drained();
  expect(batches().map((batch) => [batch[0], batch.at(-1)])).toEqual([
    [1, 1],
    [2, 101],
    [102, 150],
  ]);
});

describe('a batch that is not taken', () => {
  test.each([
    ['status 500', { status: 500, text: '' }],
    ['status 404', { status: 404, text: '' }],
    ['status 301', { status: 301, text: '' }],
    ['a connection that breaks', 'hang up' as const],
  ])('is sent again, the same and before all others: %s', async (_, answer) => {
    backend.on('/events', () => answer);
    add(1, 2);
    await advanceUntil(2);
    add(3);
    backend.on('/events', () => ({}));
    await advanceUntil(4);
    await drained();
    const sent = batches();
    const first = sent.findIndex((batch) => batch[0] === 3);
    expect(sent.slice(0, first).every((batch) => batch.join() === '1,2')).toBe(true);
    expect(sent.slice(first)).toEqual([[3]]);
    expect([delivery.delivered, delivery.dropped, delivery.isOpen]).toEqual([3, 0, false]);
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['warn', 'info']);
  });

  test('is sent again when the backend hangs', async () => {
    backend.on('/events', () => 'hang');
    add(1);
    await advanceUntil(2);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(1_150);
    expect(delivery.failures.get('timeout')).toBe(1);
  });

  test('is sent at growing intervals, of at most four seconds', async () => {
    backend.on('/events', () => 'hang up');
    const atMs: number[] = [];
    add(1);
    for (let numBatches = 1; numBatches <= 8; numBatches++) {
      while (backend.calls.length < numBatches || delivery.numInFlight === 1) await clock.advance(10);
      atMs.push(clock.nowMs());
    }
    const gaps = atMs.slice(1).map((ms, i) => ms - (atMs[i] ?? 0));
    // With the test's randomness each is three quarters of its longest: 200, 400, … 3,200, 4,000, 4,000.
    for (const [i, expected] of [150, 300, 600, 1_200, 2_400, 3_000, 3_000].entries()) {
      expect(gaps[i]).toBeGreaterThanOrEqual(expected - 10);
      expect(gaps[i]).toBeLessThan(expected + 100);
    }
  });

  test.each([400, 413, 422])('is dropped where the backend refuses it for good: %d', async (status) => {
    backend.on('/events', ({ text }) => (text.includes('"n":1') ? { status, text: '' } : {}));
    add(1);
    await clock.settle();
    await drained();
    add(2);
    await clock.settle();
    await drained();
    expect(batches()).toEqual([[1], [2]]);
    expect([delivery.delivered, delivery.dropped]).toEqual([1, 1]);
    expect(lines).toEqual(['error status,events']);
  });
});

test('the oldest are dropped when too many wait, which is counted and told once', async () => {
  delivery = make(2);
  backend.on('/events', () => 'hang');
  add(1);
  await clock.settle();
  await backend.waitFor('/events', 1);
  add(2, 5);
  expect([delivery.queued, delivery.dropped]).toEqual([3, 2]);
  backend.on('/events', () => ({}));
  await advanceUntil(2);
  await advanceUntil(3);
  await drained();
  expect(batches()).toEqual([[1], [1], [4, 5]]);
  expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(2);
});

describe('at the end', () => {
  test('what waits is delivered first', async () => {
    backend.on('/events', () => ({}));
    add(1);
    const closed = delivery.close(5_000);
    await clock.settle();
    await closed;
    expect(batches()).toEqual([[1]]);
    expect(clock.numTimers).toBe(0);
  });

  test('a pause between two attempts is cut short', async () => {
    backend.on('/events', () => 'hang up');
    add(1);
    await advanceUntil(5);
    while (delivery.numInFlight === 1) await clock.settle();
    backend.on('/events', () => ({}));
    await delivery.close(5_000);
    expect([delivery.delivered, delivery.dropped]).toEqual([1, 0]);
  });

  test('nobody waits for a dead backend beyond the deadline; what is lost is counted and told', async () => {
    backend.on('/events', () => 'hang');
    add(1, 3);
    await clock.settle();
    await backend.waitFor('/events', 1);
    const closed = delivery.close(500);
    await clock.advance(500);
    await closed;
    expect([delivery.delivered, delivery.dropped, delivery.queued]).toEqual([0, 3, 0]);
    expect(lines.at(-1)).toBe('warn lost');
    add(4);
    expect([delivery.dropped, clock.numTimers]).toEqual([4, 0]);
    await delivery.close(500);
  });

  test('five seconds are enough, however long the deadline is', async () => {
    backend.on('/events', () => 'hang');
    add(1);
    await clock.settle();
    const closed = delivery.close(60_000);
    await clock.advance(5_000);
    await closed;
    expect(delivery.dropped).toBe(1);
  });
});
