/** The metrics of a node: a row for each. The table in docs/operations/running.md is made from what they render. */

import type { Node } from '../engine/node.js';
import type { MetricRow } from './metric-rows.js';

const byCode = { labels: ['code'] };

export const ofNode: readonly MetricRow<Node>[] = [
  ['connections', 'Open connections, authenticated or not.', ({ sessions }) => sessions.size],
  ['transport_connections', 'Open connections by transport.', connectionsByTransport, { labels: ['transport'] }],
  ['clients', 'Connected clients.', ({ sessions }) => sessions.numClients],
  ['users', 'Different users among the connected clients.', ({ sessions }) => sessions.numUsers],
  ['channels', 'Channels with subscribers on this node.', ({ hub }) => hub.numChannels],
  ['subscriptions', 'Subscriptions on this node.', ({ hub }) => hub.numSubscriptions],
  ['queue_bytes', 'Bytes that wait for slow connections, over all of them.', queuedBytes],
  ['draining', '1 while the node lets nobody in.', ({ isDraining }) => Number(isDraining), { over: 'max' }],
  ['connections_opened_total', 'Connections since the start.', ({ counters }) => counters.connectionsOpened],
  ['commands_total', 'Commands of clients.', ({ counters }) => counters.commands],
  [
    'publications_in_total',
    'Publications accepted from clients and from the server.',
    ({ counters }) => counters.publicationsIn,
  ],
  ['publications_out_total', 'Publications written, one per subscriber.', ({ counters }) => counters.publicationsOut],
  ['frames_in_total', 'Frames received.', ({ counters }) => counters.framesIn],
  [
    'frames_out_total',
    'Writes to connections; frames that leave together count once.',
    ({ counters }) => counters.framesOut,
  ],
  ['received_bytes_total', 'Bytes of the frames received.', ({ counters }) => counters.bytesIn],
  ['sent_bytes_total', 'Bytes of the frames written.', ({ counters }) => counters.bytesOut],
  ['recoveries_total', 'Subscriptions that got all they had missed.', ({ counters }) => counters.recoveries],
  [
    'recoveries_failed_total',
    'Subscriptions that had missed more than there was.',
    ({ counters }) => counters.recoveriesFailed,
  ],
  ['publications_recovered_total', 'Publications in recoveries.', ({ counters }) => counters.publicationsRecovered],
  [
    'broker_delivering',
    '1 while what is published reaches this node through the broker.',
    ({ brokerHealth }) => Number(brokerHealth.isDelivering),
    { over: 'min' },
  ],
  [
    'broker_keeping',
    '1 while the broker takes what has to be kept, for history and presence.',
    ({ brokerHealth }) => Number(brokerHealth.isKeeping),
    { over: 'min' },
  ],
  [
    'holes_found_total',
    'Channels whose subscribers were told that publications between the broker and this node may be missing.',
    ({ counters }) => counters.holesFound,
  ],
  ['errors_total', 'Error replies by code.', ({ counters }) => counters.errorsByCode, byCode],
  ['disconnects_total', 'Ended connections by code.', ({ counters }) => counters.disconnectsByCode, byCode],
  [
    'unsubscribes_total',
    'Subscriptions ended by the server, by code.',
    ({ counters }) => counters.unsubscribesByCode,
    byCode,
  ],
  [
    'connects_refused_total',
    'Connections answered with 503, by the limit.',
    ({ admission }) => Object.entries(admission.rejections),
    { labels: ['reason'] },
  ],
  [
    'rate_limited_total',
    'Commands beyond a rate, by the limit.',
    ({ counters }) => counters.rateLimited,
    { labels: ['limit'] },
  ],
  ['revocations_total', 'Revocations by kind.', ({ counters }) => counters.revocations, { labels: ['kind'] }],
  [
    'revocations_kept',
    'Revocations that are still looked at when somebody connects.',
    ({ revocations }) => revocations.size,
    { over: 'max' },
  ],
  ['nodes', 'Nodes that are known to be alive, with this one.', ({ cluster }) => cluster.size + 1, { over: 'max' }],
  ['nodes_lost_total', 'Other nodes that have left or fallen silent.', ({ cluster }) => cluster.figures.nodesLost],
  ['control_messages_in_total', 'Messages from other nodes.', ({ cluster }) => cluster.figures.messagesIn],
  ['control_messages_out_total', 'Messages to other nodes.', ({ cluster }) => cluster.figures.messagesOut],
  [
    'control_messages_lost_total',
    'Messages between nodes that could not be sent or read.',
    ({ cluster }) => cluster.figures.messagesLost,
  ],
  [
    'control_questions_late_total',
    'Questions that a node has not answered in time.',
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

/** Of a node behind which there is a configuration. */
export const ofConfiguration: readonly MetricRow<Node>[] = [
  [
    'config_reloads_total',
    'Attempts to take over another configuration, by what came of them.',
    ({ counters }) => new Map([['ok', 0], ['failed', 0], ...counters.configReloads]),
    { labels: ['outcome'] },
  ],
  [
    'config_reload_timestamp_seconds',
    'When the configuration in force was taken over, in Unix time; the start counts.',
    ({ counters }) => counters.configReloadedAtMs / 1_000,
    { over: 'max' },
  ],
];

function* flat(counts: ReadonlyMap<string, ReadonlyMap<number, number>>): Iterable<readonly [string, number, number]> {
  for (const [method, figures] of counts) for (const [code, count] of figures) yield [method, code, count];
}

function connectionsByTransport({ sessions }: Node): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { transport } of sessions.all()) counts.set(transport, (counts.get(transport) ?? 0) + 1);
  return counts;
}

function queuedBytes({ sessions }: Node): number {
  let bytes = 0;
  for (const session of sessions.all()) bytes += session.outbox.queuedBytes;
  return bytes;
}
