/** Prometheus metrics of a node. All names are in this file; values are read when somebody asks. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, type MetricObject, Registry } from 'prom-client';
import type { Node } from '../engine/node.js';

/** What `/metrics` answers with. */
export interface Metrics {
  readonly contentType: string;
  /** The text exposition format. */
  render(): Promise<string>;
  /** The same figures as data, for whoever sums them up with those of other processes. */
  figures(): Promise<MetricObject[]>;
  /** Stops measuring the event loop. */
  close(): void;
}

/** One hook, as it counts itself. */
export interface HookFigures {
  readonly hook: string;
  readonly calls: number;
  /** By what went wrong. */
  readonly failures: ReadonlyMap<string, number>;
  readonly numInFlight: number;
  readonly numWaiting: number;
  /** Its backend is taken for dead. */
  readonly isOpen: boolean;
}

/** Told how long each call took that went out, and when there are events at all. */
export interface HookMeter {
  took(hook: string, seconds: number): void;
  hasEvents(): void;
}

/** The notifications of the hooks. */
export interface EventFigures {
  readonly queued: number;
  readonly delivered: number;
  readonly dropped: number;
}

/** Looked at with each scrape: hooks may come and go. */
export interface HookMetricsSource {
  readonly figures: readonly HookFigures[];
  readonly events: EventFigures | undefined;
  measure(meter: HookMeter): void;
}

/** From a backend on the same machine to the longest time-out. */
const hookBucketsSec = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const loopResolutionMs = 10;
const nanosecondsPerSecond = 1e9;

export function nodeMetrics(node: Node, hooks?: HookMetricsSource): Metrics {
  const registry = new Registry();
  const { counters } = node;
  collectDefaultMetrics({ register: registry });

  /** @param aggregator over several processes that serve one port */
  const gauge = (name: string, help: string, read: () => number, aggregator: 'sum' | 'max' | 'min' = 'sum') => {
    new Gauge({
      aggregator,
      name: `fanfare_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  /** The engine counts; prom-client only carries the figure over, so that counting costs it nothing. */
  const counter = (name: string, help: string, read: () => number) => {
    new Counter({
      name: `fanfare_${name}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  const counterBy = (label: string, name: string, help: string, read: () => Readonly<Record<string, number>>) => {
    new Counter({
      name: `fanfare_${name}_total`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
      },
    });
  };
  const counterByCode = (name: string, help: string, counts: ReadonlyMap<number, number>) => {
    new Counter({
      name: `fanfare_${name}_total`,
      help,
      labelNames: ['code'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [code, count] of counts) this.inc({ code }, count);
      },
    });
  };

  const counterByMethod = (
    name: string,
    help: string,
    label: 'status' | 'code',
    counts: ReadonlyMap<string, ReadonlyMap<number, number>>,
  ) => {
    new Counter({
      name: `fanfare_${name}_total`,
      help,
      labelNames: ['method', label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [method, byCode] of counts) {
          for (const [code, count] of byCode) this.inc({ method, [label]: code }, count);
        }
      },
    });
  };

  gauge('connections', 'Open connections, authenticated or not.', () => node.sessions.size);
  new Gauge({
    name: 'fanfare_transport_connections',
    help: 'Open connections by transport.',
    labelNames: ['transport'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [transport, count] of connectionsByTransport(node)) this.set({ transport }, count);
    },
  });
  gauge('clients', 'Connected clients.', () => node.sessions.numClients);
  gauge('users', 'Different users among the connected clients.', () => node.sessions.numUsers);
  gauge('channels', 'Channels with subscribers on this node.', () => node.hub.numChannels);
  gauge('subscriptions', 'Subscriptions on this node.', () => node.hub.numSubscriptions);
  gauge('queue_bytes', 'Bytes that wait for slow connections, over all of them.', () => queuedBytes(node));
  gauge('draining', '1 while the node lets nobody in.', () => Number(node.isDraining), 'max');
  counter('connections_opened', 'Connections since the start.', () => counters.connectionsOpened);
  counter('commands', 'Commands of clients.', () => counters.commands);
  counter('publications_in', 'Publications accepted from clients and from the server.', () => counters.publicationsIn);
  counter('publications_out', 'Publications written, one per subscriber.', () => counters.publicationsOut);
  counter('frames_in', 'Frames received.', () => counters.framesIn);
  counter('frames_out', 'Writes to connections; frames that leave together count once.', () => counters.framesOut);
  counter('received_bytes', 'Bytes of the frames received.', () => counters.bytesIn);
  counter('sent_bytes', 'Bytes of the frames written.', () => counters.bytesOut);
  counter('recoveries', 'Subscriptions that got all they had missed.', () => counters.recoveries);
  counter('recoveries_failed', 'Subscriptions that had missed more than there was.', () => counters.recoveriesFailed);
  counter('publications_recovered', 'Publications in recoveries.', () => counters.publicationsRecovered);
  gauge(
    'broker_delivering',
    '1 while what is published reaches this node through the broker.',
    () => Number(node.brokerHealth.isDelivering),
    'min',
  );
  gauge(
    'broker_keeping',
    '1 while the broker takes what has to be kept, for history and presence.',
    () => Number(node.brokerHealth.isKeeping),
    'min',
  );
  counter(
    'holes_found',
    'Channels whose subscribers were told that publications between the broker and this node may be missing.',
    () => counters.holesFound,
  );
  counterByCode('errors', 'Error replies by code.', counters.errorsByCode);
  counterByCode('disconnects', 'Ended connections by code.', counters.disconnectsByCode);
  counterByCode('unsubscribes', 'Subscriptions ended by the server, by code.', counters.unsubscribesByCode);
  counterBy(
    'reason',
    'connects_refused',
    'Connections answered with 503, by the limit.',
    () => node.admission.rejections,
  );
  counterBy('limit', 'rate_limited', 'Commands beyond a rate, by the limit.', () =>
    Object.fromEntries(counters.rateLimited),
  );
  counterBy('kind', 'revocations', 'Revocations by kind.', () => Object.fromEntries(counters.revocations));
  gauge(
    'revocations_kept',
    'Revocations that are still looked at when somebody connects.',
    () => node.revocations.size,
    'max',
  );
  gauge('nodes', 'Nodes that are known to be alive, with this one.', () => node.cluster.size + 1, 'max');
  counter('nodes_lost', 'Other nodes that have left or fallen silent.', () => node.cluster.figures.nodesLost);
  counter('control_messages_in', 'Messages from other nodes.', () => node.cluster.figures.messagesIn);
  counter('control_messages_out', 'Messages to other nodes.', () => node.cluster.figures.messagesOut);
  counter(
    'control_messages_lost',
    'Messages between nodes that could not be sent or read.',
    () => node.cluster.figures.messagesLost,
  );
  counter(
    'control_questions_late',
    'Questions that a node has not answered in time.',
    () => node.cluster.figures.questionsLate,
  );
  counterByMethod('api_requests', 'Requests to the HTTP API by method and status.', 'status', counters.apiRequests);
  counterByMethod('api_errors', 'Failed calls of the HTTP API by method and error code.', 'code', counters.apiErrors);

  // There is a configuration behind it.
  if (hooks !== undefined) {
    counterBy(
      'outcome',
      'config_reloads',
      'Attempts to take over another configuration, by what came of them.',
      () => ({
        ok: 0,
        failed: 0,
        ...Object.fromEntries(counters.configReloads),
      }),
    );
    gauge(
      'config_reload_timestamp_seconds',
      'When the configuration in force was taken over, in Unix time; the start counts.',
      () => counters.configReloadedAtMs / 1_000,
      'max',
    );
    const latency = addHooks(registry, hooks);
    let hasEvents = false;
    hooks.measure({
      took: (hook, seconds) => latency.observe({ hook }, seconds),
      hasEvents: () => {
        if (hasEvents) return;
        hasEvents = true;
        gauge('hook_events_queued', 'Events that wait for the backend.', () => hooks.events?.queued ?? 0);
        counter('hook_events_delivered', 'Events that the backend has taken.', () => hooks.events?.delivered ?? 0);
        counter('hook_events_dropped', 'Events that no backend has taken.', () => hooks.events?.dropped ?? 0);
      },
    });
  }

  const delay = monitorEventLoopDelay({ resolution: loopResolutionMs });
  delay.enable();
  new Gauge({
    name: 'fanfare_event_loop_lag_seconds',
    help: 'How late the event loop was since the last scrape.',
    aggregator: 'max',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      for (const quantile of [0.5, 0.99, 1]) {
        const lateNs = Math.max(0, delay.percentile(quantile * 100) - loopResolutionMs * 1e6);
        this.set({ quantile }, lateNs / nanosecondsPerSecond);
      }
      delay.reset();
    },
  });

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    figures: () => registry.getMetricsAsJSON(),
    close: () => {
      delay.disable();
      registry.clear();
    },
  };
}

function addHooks(registry: Registry, hooks: HookMetricsSource): Histogram<'hook'> {
  const registers = [registry];
  const labelled = (
    name: string,
    help: string,
    read: (hook: HookFigures) => number,
    aggregator: 'sum' | 'max' = 'sum',
  ) => {
    new Gauge({
      aggregator,
      name: `fanfare_${name}`,
      help,
      labelNames: ['hook'],
      registers,
      collect() {
        this.reset();
        for (const hook of hooks.figures) this.set({ hook: hook.hook }, read(hook));
      },
    });
  };
  labelled('hook_in_flight', 'Calls that a backend is working on.', ({ numInFlight }) => numInFlight);
  labelled('hook_waiting', 'Calls that wait for others to be answered.', ({ numWaiting }) => numWaiting);
  labelled(
    'hook_breaker_open',
    '1 while calls fail at once, because the backend did.',
    ({ isOpen }) => Number(isOpen),
    'max',
  );
  new Counter({
    name: 'fanfare_hook_calls_total',
    help: 'Calls of hooks, with those that were not let out.',
    labelNames: ['hook'],
    registers,
    collect() {
      this.reset();
      for (const { hook, calls } of hooks.figures) this.inc({ hook }, calls);
    },
  });
  new Counter({
    name: 'fanfare_hook_failures_total',
    help: 'Calls of hooks without an answer that could be used, by reason.',
    labelNames: ['hook', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { hook, failures } of hooks.figures) {
        for (const [reason, count] of failures) this.inc({ hook, reason }, count);
      }
    },
  });
  return new Histogram({
    name: 'fanfare_hook_seconds',
    help: 'How long backends took to answer, or not to.',
    labelNames: ['hook'],
    buckets: hookBucketsSec,
    registers,
  });
}

function connectionsByTransport(node: Node): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { transport } of node.sessions.all()) counts.set(transport, (counts.get(transport) ?? 0) + 1);
  return counts;
}

function queuedBytes(node: Node): number {
  let bytes = 0;
  for (const session of node.sessions.all()) bytes += session.outbox.queuedBytes;
  return bytes;
}
