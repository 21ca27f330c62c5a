/** What workers that have died had counted, and the broker beside them. */

import type { Worker } from 'node:cluster';
import { expect, test } from 'vitest';
import { addUp, type Figure } from '../observe/exposition.js';
import { PrimaryFigures } from './primary-figures.js';

// safe: only its identity is used
const worker = () => ({}) as Worker;

const figure = (name: string, type: string, value: number, metricName?: string) => ({
  name,
  type,
  help: 'h',
  aggregator: 'sum',
  values: [{ labels: {}, value, ...(metricName !== undefined && { metricName }) }],
});

const figuresOf = (count: number) => [
  figure('c_total', 'counter', count),
  figure('g', 'gauge', count),
  figure('h', 'histogram', count, 'h_count'),
];

/** By name, the sum of all that lives and of what the primary knows. */
async function sums(primary: PrimaryFigures, ...living: readonly object[][]) {
  // safe: they are figures
  const all = await addUp([...living, [...(await primary.own())]] as Figure[][]);
  return Object.fromEntries(
    all.map(({ name, values = [] }) => [name, values.map((value) => ('value' in value ? value.value : undefined))]),
  );
}

test('a sum of counters and histograms does not sink when a worker dies; one of gauges does', async () => {
  const primary = new PrimaryFigures(undefined);
  const [a, b, c] = [worker(), worker(), worker()];
  primary.told(a, figuresOf(3));
  primary.told(a, figuresOf(5));
  primary.told(b, figuresOf(7));
  expect(await sums(primary, figuresOf(5), figuresOf(7))).toEqual({ c_total: [12], g: [12], h: [12] });
  primary.ended(a);
  expect(await sums(primary, figuresOf(7))).toEqual({ c_total: [12], g: [7], h: [12] });
  primary.ended(b);
  primary.ended(c);
  expect(await sums(primary, figuresOf(1))).toEqual({ c_total: [13], g: [1], h: [13] });
});

test('the broker of this process is told of', async () => {
  const holdings = {
    streams: 1,
    historyBytes: 2,
    presenceEntries: 3,
    idempotencyKeys: 4,
    streamsDropped: 5,
    mapBytes: 6,
    mapFigures: new Map([['map:{id}', { keys: 7, expired: 8 }]]),
    answers: 9,
    openAnswers: 10,
    answerBytes: 11,
    answersInterrupted: 12,
  };
  expect(await sums(new PrimaryFigures(() => holdings))).toEqual({
    fanfare_memory_streams: [1],
    fanfare_memory_history_bytes: [2],
    fanfare_memory_map_keys: [7],
    fanfare_memory_map_bytes: [6],
    fanfare_memory_map_keys_expired_total: [8],
    fanfare_memory_answers: [9],
    fanfare_memory_answers_open: [10],
    fanfare_memory_answer_bytes: [11],
    fanfare_memory_answers_interrupted_total: [12],
    fanfare_memory_presence_entries: [3],
    fanfare_memory_idempotency_keys: [4],
    fanfare_memory_streams_dropped_total: [5],
  });
});
