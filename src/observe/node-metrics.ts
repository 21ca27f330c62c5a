/** The metrics of a node: a row for each. The table in docs/operations/running.md is made from them. */

import type { Cluster } from '../engine/cluster/cluster.js';
import type { BrokerHealth } from '../engine/fanout/broker-health.js';
import type { Hub } from '../engine/fanout/hub.js';
import type { Counters } from '../engine/ports/counters.js';
import type { Admission } from '../engine/sessions/admission.js';
import type { Sessions } from '../engine/sessions/sessions.js';
import type { MetricRow } from './metric-rows.js';

/** What is read of a node. */
export interface NodeFigures {
  readonly sessions: Pick<Sessions, 'size' | 'numClients' | 'numUsers' | 'all'>;
  readonly hub: Pick<Hub, 'numChannels' | 'numSubscriptions'>;
  readonly counters: Counters;
  readonly admission: Pick<Admission, 'isDraining' | 'rejections'>;
  readonly revocations: { readonly size: number };
  readonly cluster: Pick<Cluster, 'size' | 'figures'>;
  readonly brokerHealth: Pick<BrokerHealth, 'isDelivering' | 'isKeeping'>;
}

const byCode = { labels: ['code'] };
const counted =
  <Name extends keyof Counters>(name: Name) =>
  ({ counters }: NodeFigures) =>
    counters[name];

export const ofNode: readonly MetricRow<NodeFigures>[] = [
  ['connections', 'Open connections, authenticated or not.', ({ sessions }) => sessions.size],
  ['transport_connections', 'Open connections by transport.', connectionsByTransport, { labels: ['transport'] }],
  ['clients', 'Connected clients.', ({ sessions }) => sessions.numClients],
  ['users', 'Different users among the connected clients.', ({ sessions }) => sessions.numUsers],
  ['channels', 'Channels with subscribers on this node.', ({ hub }) => hub.numChannels],
  ['subscriptions', 'Subscriptions on this node.', ({ hub }) => hub.numSubscriptions],
  ['queue_bytes', 'Bytes that wait for slow connections, over all of them.', queuedBytes],
  [
    'draining',
    '1 while the node is shutting down and refuses clients.',
    ({ admission }) => Number(admission.isDraining),
    { over: 'max' },
  ],
  ['connections_opened_total', 'Connections since the start.', counted('connectionsOpened')],
  ['commands_total', 'Commands of clients.', counted('commands')],
  ['publications_in_total', 'Publications accepted from clients and from the server.', counted('publicationsIn')],
  ['publications_out_total', 'Publications written, one per subscriber.', counted('publicationsOut')],
  ['frames_in_total', 'Frames received.', counted('framesIn')],
  ['frames_out_total', 'Writes to connections; frames in one write count once.', counted('framesOut')],
  ['received_bytes_total', 'Bytes of the frames received.', counted('bytesIn')],
  ['sent_bytes_total', 'Bytes of the frames written.', counted('bytesOut')],
  ['recoveries_total', 'Subscriptions that got all they had missed.', counted('recoveries')],
  ['recoveries_failed_total', 'Subscriptions that had missed more than was kept.', counted('recoveriesFailed')],
  ['publications_recovered_total', 'Publications in recoveries.', counted('publicationsRecovered')],
  [
    'broker_delivering',
    '1 while publications reach this node through the broker.',
    ({ brokerHealth }) => Number(brokerHealth.isDelivering),
    { over: 'min' },
  ],
  [
    'broker_keeping',
    '1 while the broker stores history and presence.',
    ({ brokerHealth }) => Number(brokerHealth.isKeeping),
    { over: 'min' },
  ],
  [
    'holes_found_total',
    'Channels whose subscribers were told that publications between the broker and this node may be missing.',
    counted('holesFound'),
  ],
  ['errors_total', 'Error replies by code.', counted('errorsByCode'), byCode],
  ['disconnects_total', 'Ended connections by code.', counted('disconnectsByCode'), byCode],
  ['unsubscribes_total', 'Subscriptions ended by the server, by code.', counted('unsubscribesByCode'), byCode],
  [
    'connects_refused_total',
    'Connections answered with 503, by the limit.',
    ({ admission }) => Object.entries(admission.rejections),
    { labels: ['reason'] },
  ],
  ['rate_limited_total', 'Commands beyond a rate, by the limit.', counted('rateLimited'), { labels: ['limit'] }],
  ['revocations_total', 'Revocations by kind.', counted('revocations'), { labels: ['kind'] }],
  ['revocations_kept', 'Revocations that are still in force.', ({ revocations }) => revocations.size, { over: 'max' }],
  ['nodes', 'Nodes that are known to be alive, with this one.', ({ cluster }) => cluster.size + 1, { over: 'max' }],
  ['nodes_lost_total', 'Other nodes that have left or become silent.', ({ cluster }) => cluster.figures.nodesLost],
  ['control_messages_in_total', 'Messages from other nodes.', ({ cluster }) => cluster.figures.messagesIn],
  ['control_messages_out_total', 'Messages to other nodes.', ({ cluster }) => cluster.figures.messagesOut],
  [
    'control_messages_lost_total',
    'Messages between nodes that could not be sent or read.',
    ({ cluster }) => cluster.figures.messagesLost,
  ],
  [
    'control_questions_late_total',
    'Questions without an answer of a node in time.',
    ({ cluster }) => cluster.figures.questionsLate,
  ],
  [
    'api_requests_total',
    'Requests to the HTTP API by method and status.',
    ({ counters }) => flat(counters.apiRequests),
    { labels: ['method', 'status'] },
  ],
  [
    'api_errors_total',
    'Failed calls of the HTTP API by method and error code.',
    ({ counters }) => flat(counters.apiErrors),
    { labels: ['method', 'code'] },
  ],
];

/** Of a node with a configuration. */
export const ofConfiguration: readonly MetricRow<NodeFigures>[] = [
  [
    'config_reloads_total',
    'Attempts to apply a configuration, by outcome.',
    ({ counters }) => new Map([['ok', 0], ['failed', 0], ...counters.configReloads]),
    { labels: ['outcome'] },
  ],
  [
    'config_reload_timestamp_seconds',
    'When the configuration in force was applied, in Unix time; the start counts.',
    ({ counters }) => counters.configReloadedAtMs / 1_000,
    { over: 'max' },
  ],
];

function* flat(counts: ReadonlyMap<string, ReadonlyMap<number, number>>): Iterable<readonly [string, number, number]> {
  for (const [method, figures] of counts) for (const [code, count] of figures) yield [method, code, count];
}

function connectionsByTransport({ sessions }: NodeFigures): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { transport } of sessions.all()) counts.set(transport, (counts.get(transport) ?? 0) + 1);
  return counts;
}

function queuedBytes({ sessions }: NodeFigures): number {
  let bytes = 0;
  for (const session of sessions.all()) bytes += session.outbox.queuedBytes;
  return bytes;
}
