/** The figures of one node, for an overview of the fleet. */

import * as v from 'valibot';
import type { Cluster } from '../cluster/cluster.js';
import { nodeSummary } from '../cluster/messages.js';
import type { BrokerHealth } from '../fanout/broker-health.js';
import { type SummaryPorts, summaryOf } from '../operations/clients.js';
import type { Stores } from '../ports/broker.js';
import type { Counters } from '../ports/counters.js';
import type { ProcessFigures } from '../ports/process-figures.js';
import type { Admission } from '../sessions/admission.js';
import { inSlices } from '../time/in-slices.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const byCode = v.array(v.tuple([v.number(), count]));

/** As nodes send it to each other. Counters only grow. */
export const nodeReport = v.object({
  ...nodeSummary.entries,
  /** Open connections, authenticated or not. */
  connections: count,
  /** Bytes that wait for slow connections. */
  queuedBytes: count,
  isDraining: v.boolean(),
  broker: v.pipe(v.string(), v.maxLength(256)),
  isDelivering: v.boolean(),
  isKeeping: v.boolean(),
  commands: count,
  publicationsIn: count,
  publicationsOut: count,
  receivedBytes: count,
  sentBytes: count,
  recoveries: count,
  recoveriesFailed: count,
  errors: byCode,
  disconnects: byCode,
  process: v.exactOptional(
    v.object({
      pid: count,
      host: v.pipe(v.string(), v.maxLength(256)),
      lagMs: v.pipe(v.number(), v.minValue(0)),
      rssBytes: count,
    }),
  ),
});
export type NodeReport = v.InferOutput<typeof nodeReport>;

export interface ReportPorts extends SummaryPorts {
  readonly broker: Pick<Stores, 'name'>;
  readonly counters: Counters;
  readonly admission: Pick<Admission, 'isDraining'>;
  readonly brokerHealth: Pick<BrokerHealth, 'isDelivering' | 'isKeeping'>;
  readonly cluster: Pick<Cluster, 'serve' | 'askAll'>;
  /** Absent: nothing is known of the process. */
  readonly processFigures?: (() => ProcessFigures) | undefined;
}

/** A sum over all connections may be this old: each takes a walk over all of them. */
const queuesMaxAgeMs = 1_000;

export class NodeReports {
  #queues: { readonly atMs: number; readonly bytes: Promise<number> } | undefined;

  constructor(private readonly ports: ReportPorts) {}

  async own(): Promise<NodeReport> {
    const { ports } = this;
    const { counters, admission, brokerHealth, broker, sessions, processFigures } = ports;
    return {
      ...summaryOf(ports),
      connections: sessions.size,
      queuedBytes: await this.#queuedBytes(),
      isDraining: admission.isDraining,
      broker: broker.name,
      isDelivering: brokerHealth.isDelivering,
      isKeeping: brokerHealth.isKeeping,
      commands: counters.commands,
      publicationsIn: counters.publicationsIn,
      publicationsOut: counters.publicationsOut,
      receivedBytes: counters.bytesIn,
      sentBytes: counters.bytesOut,
      recoveries: counters.recoveries,
      recoveriesFailed: counters.recoveriesFailed,
      errors: [...counters.errorsByCode],
      disconnects: [...counters.disconnectsByCode],
      ...(processFigures && { process: processFigures() }),
    };
  }

  #queuedBytes(): Promise<number> {
    const nowMs = this.ports.clock.nowMs();
    if (this.#queues === undefined || nowMs - this.#queues.atMs > queuesMaxAgeMs) {
      this.#queues = { atMs: nowMs, bytes: this.#sumQueues() };
    }
    return this.#queues.bytes;
  }

  async #sumQueues(): Promise<number> {
    const { sessions, clock } = this.ports;
    let bytes = 0;
    for await (const some of inSlices(sessions.clients(), clock)) {
      for (const { outbox } of some) bytes += outbox.queuedBytes;
    }
    return bytes;
  }
}

/** Empty for an answer that cannot be decoded. */
export function readReport(answer: unknown): NodeReport[] {
  const parsed = v.safeParse(nodeReport, answer);
  return parsed.success ? [parsed.output] : [];
}
