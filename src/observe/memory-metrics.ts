/** What the broker in memory keeps, and what it throws away to stay within its limits. */

import { Registry } from 'prom-client';
import type { BrokerHoldings, MapFigures } from '../engine/ports/broker.js';
import type { Figure } from './exposition.js';
import { type LabelledFigure, type MetricRow, register } from './metric-rows.js';

/** Called for each scrape. */
type Holdings = () => BrokerHoldings | undefined;

const kept =
  (name: Exclude<keyof BrokerHoldings, 'mapFigures'>) =>
  (holdings: Holdings): number =>
    holdings()?.[name] ?? 0;

const ofMaps =
  (name: keyof MapFigures) =>
  (holdings: Holdings): LabelledFigure[] =>
    Array.from(holdings()?.mapFigures ?? [], ([rule, figures]) => [rule, figures[name]]);

export const ofMemoryBroker: readonly MetricRow<Holdings>[] = [
  ['memory_streams', 'Streams of channels that the broker in memory keeps, with their positions.', kept('streams')],
  ['memory_history_bytes', 'Payload in these streams, as `memory.maxHistoryBytes` counts it.', kept('historyBytes')],
  ['memory_map_keys', 'Keys of maps that the broker in memory keeps.', ofMaps('keys'), { labels: ['rule'] }],
  ['memory_map_bytes', 'Keys and values of these maps, as `memory.maxMapBytes` counts them.', kept('mapBytes')],
  [
    'memory_map_keys_expired_total',
    'Keys that the broker in memory removed because their time was over.',
    ofMaps('expired'),
    { labels: ['rule'] },
  ],
  ['memory_answers', 'Streams, messages that grow, that the broker in memory keeps.', kept('answers')],
  ['memory_answers_open', 'Those of them that are open.', kept('openAnswers')],
  ['memory_answer_bytes', 'Their text or items, as JSON.', kept('answerBytes')],
  [
    'memory_answers_interrupted_total',
    'Streams that the broker in memory has interrupted because their producers were silent.',
    kept('answersInterrupted'),
  ],
  ['memory_presence_entries', 'Entries of presence that the broker in memory keeps.', kept('presenceEntries')],
  ['memory_idempotency_keys', 'Idempotency keys that the broker in memory keeps.', kept('idempotencyKeys')],
  [
    'memory_streams_dropped_total',
    'Streams that the broker in memory threw away because there were too many, or they were too large.',
    kept('streamsDropped'),
  ],
];

/** Of the process that keeps the broker of several workers, and is not scraped itself. */
export function memoryFigures(holdings: Holdings): Promise<Figure[]> {
  const registry = new Registry();
  register(registry, ofMemoryBroker, holdings);
  return registry.getMetricsAsJSON();
}
