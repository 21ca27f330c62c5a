/** The histograms of a node: a row for each. */

import type { HistogramRow } from './histogram-rows.js';
import type { NodeFigures } from './node-metrics.js';

const byRule =
  (name: 'delivery' | 'recovered') =>
  ({ rules }: NodeFigures) =>
    Array.from(rules, (rule) => [rule.pattern.text, rule.counts[name]] as const);

export const histogramsOfNode: readonly HistogramRow<NodeFigures>[] = [
  [
    'delivery_seconds',
    'From the acceptance of a message to the write to its subscribers on the same node; one publication in 16, and the first after each scrape.',
    byRule('delivery'),
    'rule',
  ],
  [
    'recovered_publications',
    'Publications that a client got when it recovered a subscription.',
    byRule('recovered'),
    'rule',
  ],
  ['batch_publications', 'Publications of one channel that left together.', ({ counters }) => counters.batches],
  [
    'connection_queue_bytes',
    'Bytes that waited for a connection when it was written to; one write in 64.',
    ({ counters }) => counters.queues,
  ],
  ['connect_seconds', 'From a connect command to its reply.', ({ counters }) => counters.connecting, 'transport'],
  ['ping_seconds', 'From a ping to its pong.', ({ counters }) => counters.pings, 'transport'],
  [
    'broker_seconds',
    'How long the broker took: to acknowledge a publication (`publish`; one in 16), to pass a message of this node to itself (`probe`), to store something (`keep`).',
    ({ counters }) => counters.brokerCalls,
    'operation',
  ],
  ['api_seconds', 'How long requests to the HTTP API took.', ({ counters }) => counters.apiCalls, 'method'],
];
