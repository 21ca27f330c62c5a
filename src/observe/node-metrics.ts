/** The metrics of a node: a row for each, and so one table. That in docs/operations/metrics.md is made from it. */

import { tokenChecks } from '../engine/auth/token-refusals.js';
import type { Rule } from '../engine/channels/rule.js';
import type { Cluster } from '../engine/cluster/cluster.js';
import type { BrokerHealth } from '../engine/fanout/broker-health.js';
import type { SlowReaders } from '../engine/fanout/slow/slow-readers.js';
import type { BrokerHoldings } from '../engine/ports/broker.js';
import { type Counters, countedCodes } from '../engine/ports/counters.js';
import type { EngineLimits } from '../engine/ports/limits.js';
import { type RuleCounts, recoveryLosses } from '../engine/ports/rule-counts.js';
import type { Admission } from '../engine/sessions/admission.js';
import type { ClientVersions } from '../engine/sessions/client-versions.js';
import type { Sessions } from '../engine/sessions/sessions.js';
import type { DeliverySamples } from '../engine/time/delivery-samples.js';
import type { LabelledFigure, MetricRow } from './metric-rows.js';

/** What is read of a node. */
export interface NodeFigures {
  readonly sessions: Pick<Sessions, 'size' | 'sizeByTransport' | 'numClients' | 'numUsers' | 'queues'>;
  /** In force at the time of the scrape. */
  readonly rules: Iterable<Rule>;
  readonly limits: Pick<EngineLimits, 'maxConnections'>;
  readonly version: string;
  readonly clientVersions: Pick<ClientVersions, typeof Symbol.iterator>;
  readonly samples: Pick<DeliverySamples, 'ask'>;
  readonly slowReaders: Pick<SlowReaders, 'numOf' | 'slowestMs'>;
  /** `undefined`: the broker keeps nothing in this process. */
  readonly holdings: () => BrokerHoldings | undefined;
  readonly counters: Counters;
  readonly admission: Pick<Admission, 'isDraining' | 'rejections'>;
  readonly revocations: { readonly size: number };
  readonly cluster: Pick<Cluster, 'size' | 'figures'>;
  readonly brokerHealth: Pick<BrokerHealth, 'isDelivering' | 'isKeeping' | 'silenceMs'>;
}

const byCode = { labels: ['code'] };
const ofRule = { labels: ['rule'] };
const counted =
  <Name extends keyof Counters>(name: Name) =>
  ({ counters }: NodeFigures) =>
    counters[name];

/** A value of each rule, and of what belongs to none if there is any. */
const eachRule =
  (read: (counts: RuleCounts) => number) =>
  ({ rules, counters }: NodeFigures) => {
    const rows: LabelledFigure[] = Array.from(rules, ({ pattern, counts }) => [pattern.text, read(counts)]);
    const others = read(counters.noRule);
    if (others > 0) rows.push(['', others]);
    return rows;
  };

/** A value of each rule that keeps slow readers connected. */
function ofSlow(read: (figures: NodeFigures, counts: RuleCounts) => number) {
  return (figures: NodeFigures): LabelledFigure[] =>
    [...figures.rules]
      .filter(({ slow }) => slow.kind !== 'disconnect')
      .map(({ pattern, counts }) => [pattern.text, read(figures, counts)]);
}

export const ofNode: readonly MetricRow<NodeFigures>[] = [
  ['connections', 'Open connections, authenticated or not.', ({ sessions }) => sessions.size],
  [
    'transport_connections',
    'Open connections by transport.',
    ({ sessions }) => sessions.sizeByTransport,
    { labels: ['transport'] },
  ],
  ['clients', 'Connected clients.', ({ sessions }) => sessions.numClients],
  ['users', 'Different users among the connected clients.', ({ sessions }) => sessions.numUsers],
  [
    'client_versions',
    'Connected clients by the name and version that they give; unusual ones, and those beyond 32, as `other`.',
    ({ clientVersions }) => Array.from(clientVersions, ({ name, version, clients }) => [name, version, clients]),
    { labels: ['name', 'version'] },
  ],
  [
    'build_info',
    'Always 1: the versions of Fanfare and of Node.',
    ({ version }) => [[version, process.versions.node, 1]],
    { labels: ['version', 'node'], over: 'max' },
  ],
  [
    'connections_limit',
    'Most connections, as `limits.maxConnections` says; 0: any number.',
    ({ limits }) => limits.maxConnections,
  ],
  ['channels', 'Channels with subscribers on this node.', eachRule((counts) => counts.channels), ofRule],
  ['subscriptions', 'Subscriptions on this node.', eachRule((counts) => counts.subscriptions), ofRule],
  ['queue_bytes', 'Bytes that wait for slow connections, over all of them.', ({ sessions }) => sessions.queues().sum],
  [
    'queue_largest_bytes',
    'Bytes that wait for the slowest connection.',
    ({ sessions }) => sessions.queues().largest,
    { over: 'max' },
  ],
  [
    'draining',
    '1 while the node is shutting down and refuses clients.',
    ({ admission }) => Number(admission.isDraining),
    { over: 'max' },
  ],
  ['connections_opened_total', 'Connections since the start.', counted('connectionsOpened')],
  [
    'commands_total',
    'Commands of clients.',
    ({ counters }) => Array.from(counters.commandsByKind, ([kind, count]) => [inProtocol(kind), count]),
    { labels: ['method'] },
  ],
  [
    'publications_in_total',
    'Publications accepted from clients and from the server.',
    eachRule((counts) => counts.publicationsIn),
    ofRule,
  ],
  [
    'publications_out_total',
    'Publications written, one per subscriber.',
    eachRule((counts) => counts.publicationsOut),
    ofRule,
  ],
  [
    'deltas_out_total',
    'Publications written as deltas, one per subscriber; part of publications_out_total.',
    eachRule((counts) => counts.deltasOut),
    ofRule,
  ],
  [
    'delta_saved_bytes_total',
    'Bytes of data by which these deltas were smaller.',
    eachRule((counts) => counts.deltaBytesSaved),
    ofRule,
  ],
  [
    'publications_filtered_total',
    'Publications that subscribers did not get because of their filters by tags, one per subscriber.',
    eachRule((counts) => counts.publicationsFiltered),
    ofRule,
  ],
  ['map_sets_total', 'Keys of maps that were set through this node.', eachRule((counts) => counts.mapSets), ofRule],
  [
    'map_removals_total',
    'Keys of maps that were removed through this node.',
    eachRule((counts) => counts.mapRemovals),
    ofRule,
  ],
  [
    'map_conflicts_total',
    'Changes of maps that were not made because the key had another version than was expected.',
    eachRule((counts) => counts.mapConflicts),
    ofRule,
  ],
  [
    'map_refusals_total',
    'Changes of maps that were not made because there was no room.',
    eachRule((counts) => counts.mapRefusals),
    ofRule,
  ],
  [
    'map_pages_total',
    'Pages of states of maps that newcomers got, one for each.',
    eachRule((counts) => counts.mapPages),
    ofRule,
  ],
  [
    'streams_opened_total',
    'Streams that producers on this node have opened, or gone on with.',
    eachRule((counts) => counts.streamsOpened),
    ofRule,
  ],
  [
    'stream_appends_total',
    'Appends to streams by producers on this node, after gathering.',
    eachRule((counts) => counts.streamAppends),
    ofRule,
  ],
  [
    'streams_closed_total',
    'Streams that producers on this node have closed.',
    eachRule((counts) => counts.streamsClosed),
    ofRule,
  ],
  [
    'streams_failed_total',
    'Streams that producers on this node have ended as failed.',
    eachRule((counts) => counts.streamsFailed),
    ofRule,
  ],
  [
    'streams_cancelled_total',
    'Streams that were cancelled through this node, by readers, by the server, or because nobody read them.',
    eachRule((counts) => counts.streamsCancelled),
    ofRule,
  ],
  [
    'stream_refusals_total',
    'Changes of streams that were refused: of a producer that was replaced, after the end, out of order, or beyond a bound.',
    eachRule((counts) => counts.streamRefusals),
    ofRule,
  ],
  [
    'rate_delayed_total',
    'Publications that waited for the beat of a maxRate, one per subscriber; part of publications_out_total.',
    eachRule((counts) => counts.publicationsDelayed),
    ofRule,
  ],
  [
    'rate_conflated_total',
    'Publications that subscribers did not get because a newer one came before the beat of their maxRate, one per subscriber.',
    eachRule((counts) => counts.publicationsConflated),
    ofRule,
  ],
  [
    'slow_readers',
    'Subscribers whose connections take no more, so that publications wait for them, by the policy of the rule.',
    ofSlow(({ slowReaders }, counts) => slowReaders.numOf(counts)),
    ofRule,
  ],
  [
    'slow_behind_seconds',
    'How long the slowest of them has not been up to date.',
    ofSlow(({ slowReaders }, counts) => slowReaders.slowestMs(counts) / 1_000),
    { ...ofRule, over: 'max' },
  ],
  [
    'slow_conflated_total',
    'Publications that slow readers did not get since a newer one of the key came (`latest`), one per subscriber.',
    eachRule((counts) => counts.slowConflated),
    ofRule,
  ],
  [
    'slow_dropped_total',
    'Publications that slow readers did not get since too many newer ones waited (`dropOldest`), one per subscriber.',
    eachRule((counts) => counts.slowDropped),
    ofRule,
  ],
  [
    'slow_resumed_total',
    'Publications that slow readers got from the history (`recover`), one per subscriber.',
    eachRule((counts) => counts.slowResumed),
    ofRule,
  ],
  [
    'slow_lost_total',
    'Slow readers that were told to begin anew: the history was too short (`recover`), or too many keys of a map waited (`latest`).',
    eachRule((counts) => counts.slowLost),
    ofRule,
  ],
  [
    'slow_cut_off_total',
    'Subscriptions of connections that were closed with 3008 (`disconnect`).',
    eachRule((counts) => counts.slowCutOff),
    ofRule,
  ],
  ['frames_in_total', 'Frames received.', counted('framesIn')],
  ['frames_out_total', 'Writes to connections; frames in one write count once.', counted('framesOut')],
  ['received_bytes_total', 'Bytes of the frames received.', counted('bytesIn')],
  ['sent_bytes_total', 'Bytes of the frames written.', counted('bytesOut')],
  [
    'deflated_frames_total',
    'Frames compressed, each once, however many connections got it.',
    counted('deflatedFrames'),
  ],
  ['deflate_input_bytes_total', 'Bytes of these frames before.', counted('deflateInBytes')],
  ['deflate_output_bytes_total', 'Bytes of these frames after.', counted('deflateOutBytes')],
  ['inflated_messages_total', 'Compressed messages of clients.', counted('inflatedMessages')],
  ['inflate_input_bytes_total', 'Bytes of these messages as received.', counted('inflateInBytes')],
  ['inflate_output_bytes_total', 'Bytes of these messages decompressed.', counted('inflateOutBytes')],
  ['recoveries_total', 'Subscriptions that got all they had missed.', eachRule((counts) => counts.recoveries), ofRule],
  [
    'recoveries_failed_total',
    'Subscriptions that could not get what they had missed, by the reason.',
    ({ rules }) =>
      [...rules]
        .filter(({ stream }) => stream !== undefined)
        .flatMap(({ pattern, counts }) =>
          recoveryLosses.map((reason) => [pattern.text, reason, counts.recoveriesFailed[reason]] as const),
        ),
    { labels: ['rule', 'reason'] },
  ],
  [
    'publications_recovered_total',
    'Publications in recoveries.',
    eachRule((counts) => counts.publicationsRecovered),
    ofRule,
  ],
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
    'broker_silence_seconds',
    'Time since the last message of this node to itself came through the broker; about one second at best.',
    ({ brokerHealth }) => brokerHealth.silenceMs / 1_000,
    { over: 'max' },
  ],
  [
    'holes_found_total',
    'Channels whose subscribers were told that publications between the broker and this node may be missing.',
    counted('holesFound'),
  ],
  ['errors_total', 'Error replies to commands.', errors, { labels: ['code', 'rule'] }],
  [
    'disconnects_total',
    'Ended connections by code.',
    ({ counters }) => withZeros(countedCodes.disconnects, counters.disconnectsByCode),
    byCode,
  ],
  ['unsubscribes_total', 'Subscriptions ended by the server, by code.', counted('unsubscribesByCode'), byCode],
  [
    'connects_refused_total',
    'Connections answered with 503, by the limit.',
    ({ admission }) => Object.entries(admission.rejections),
    { labels: ['reason'] },
  ],
  [
    'requests_refused_total',
    'Requests of clients that were refused with an HTTP status, by the check that the log names.',
    ({ counters }) => [...flat(counters.requestsRefused)].map(([check, status, count]) => [status, check, count]),
    { labels: ['status', 'check'] },
  ],
  [
    'token_refusals_total',
    'Refused tokens, by the check that the log names; `missing`: there was none.',
    ({ counters }) => withZeros(tokenChecks, counters.tokenRefusals),
    { labels: ['check'] },
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
    'config_last_reload_ok',
    '0 after an attempt to apply a configuration that has failed.',
    ({ counters }) => Number(counters.lastReloadOk),
    { over: 'min' },
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

/** As the protocol names them: `presence_stats`. */
function inProtocol(kind: string): string {
  return kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Each of these is there from the start: a rate needs a value before the first event. */
function withZeros<Key>(keys: readonly Key[], counts: ReadonlyMap<Key, number>): Map<Key, number> {
  return new Map([...keys.map((key): [Key, number] => [key, 0]), ...counts]);
}

function* errors({ rules, counters }: NodeFigures): Iterable<readonly [number, string, number]> {
  for (const [code, count] of withZeros(countedCodes.errors, counters.noRule.errorsByCode)) yield [code, '', count];
  for (const { pattern, counts } of rules) {
    for (const [code, count] of counts.errorsByCode) yield [code, pattern.text, count];
  }
}
