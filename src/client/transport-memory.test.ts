import { beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { TransportMemory, type TransportStore } from './transport-memory.js';

const minute = 60_000;

let clock: FakeClock;
let kept: Map<string, string>;
let memory: TransportMemory;

const storeOf = (map: Map<string, string>): TransportStore => ({
  getItem: (key) => map.get(key) ?? null,
  setItem: (key, value) => void map.set(key, value),
  removeItem: (key) => void map.delete(key),
});

beforeEach(() => {
  clock = new FakeClock();
  kept = new Map();
  memory = new TransportMemory(storeOf(kept), 'https://example.com', { clock });
});

it('knows for ten minutes what worked, however often it is told', async () => {
  expect(memory.recall()).toBeUndefined();
  memory.remember('http_stream');
  await clock.advance(9 * minute);
  memory.remember('long_polling');
  expect(memory.recall()).toBe('long_polling');
  await clock.advance(minute);
  expect(memory.recall()).toBeUndefined();
});

it('knows it twice as long with each time that it was needed again, up to six hours', async () => {
  const lengths: number[] = [];
  for (let n = 0; n < 8; n++) {
    memory.remember('http_stream');
    let minutes = 0;
    for (; memory.recall() !== undefined; minutes += 10) await clock.advance(10 * minute);
    lengths.push(minutes);
  }
  expect(lengths).toEqual([10, 20, 40, 80, 160, 320, 360, 360]);
  memory.forget();
  memory.remember('http_stream');
  await clock.advance(10 * minute);
  expect(memory.recall()).toBeUndefined();
});

it('keeps servers apart', () => {
  memory.remember('http_stream');
  expect(new TransportMemory(storeOf(kept), 'https://example.org', { clock }).recall()).toBeUndefined();
});

it('knows nothing any more when the clock was put back', () => {
  memory.remember('http_stream');
  clock.wallOffsetMs -= 24 * 60 * minute;
  expect(memory.recall()).toBeUndefined();
});

it.each([
  ...['nonsense', '{}', 'null', '[]', '"http_stream"', '{"transport":1,"untilMs":1e15,"ttlMs":600000}'],
  '{"transport":"http_stream","untilMs":1e15,"ttlMs":1e15}',
  '{"transport":"http_stream","untilMs":1e15,"ttlMs":600000}',
  '{"transport":"http_stream","untilMs":"later","ttlMs":600000}',
])('takes %s in the store for nothing', (value) => {
  kept.set('fanfare.transport:https://example.com', value);
  expect(memory.recall()).toBeUndefined();
  memory.remember('http_stream');
  expect(memory.recall()).toBe('http_stream');
});

it('does without a store, and with one that throws', () => {
  const refuse = () => {
    throw new Error('denied');
  };
  for (const store of [undefined, { getItem: refuse, setItem: refuse, removeItem: refuse }]) {
    const without = new TransportMemory(store, 'https://example.com', { clock });
    without.remember('http_stream');
    without.forget();
    expect(without.recall()).toBeUndefined();
  }
});
