/** The engine's counters. Plain numbers, so that counting costs an addition; `observe/` reads them on demand. */

import { disconnectCodes, errorCodes } from '../../model/codes.js';
import type { Command } from '../../model/command.js';
import { Histogram, HistogramFamily } from './histogram.js';
import { RuleCounts } from './rule-counts.js';

/** All codes that are counted, so that each is there from the start: a rate needs a value before the first event. */
export const countedCodes = {
  errors: Object.values(errorCodes).map(({ code }) => code),
  disconnects: Object.values(disconnectCodes).map(({ code }) => code),
} as const;

/** A power of two. */
export const writesPerQueueSample = 64;

/** In seconds. */
const connectBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const pingBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const apiBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const brokerBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Publications. */
const batchBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500];
/** Bytes. */
const queueBounds = [0, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

/** All values only grow until the process ends. */
export class Counters {
  connectionsOpened = 0;
  /** Commands of clients, by kind. */
  readonly commandsByKind = new Map<Command['kind'], number>();
  /** Publications accepted from clients and from the server. */
  publicationsIn = 0;
  /** Publications written to subscribers, one per subscriber. */
  publicationsOut = 0;
  framesIn = 0;
  framesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Frames that were compressed, each once, however many connections got it. */
  deflatedFrames = 0;
  /** Their bytes before and after. */
  deflateInBytes = 0;
  deflateOutBytes = 0;
  /** Compressed messages of clients, and their bytes before and after. */
  inflatedMessages = 0;
  inflateInBytes = 0;
  inflateOutBytes = 0;
  recoveries = 0;
  recoveriesFailed = 0;
  publicationsRecovered = 0;
  /** Channels whose subscribers were told that publications may have been missed between the broker and this node. */
  holesFound = 0;
  /** Attempts to apply a configuration, by outcome. */
  readonly configReloads = new Map<'ok' | 'failed', number>();
  /** When the current configuration was applied, by the wall clock. */
  configReloadedAtMs = 0;
  /** Whether the last attempt, if there was one, has succeeded. */
  lastReloadOk = true;
  /** Refused tokens, by the check that they did not pass. */
  readonly tokenRefusals = new Map<string, number>();
  /** Requests of clients that were refused with an HTTP status, by the check: then by the status. */
  readonly requestsRefused = new Map<string, Map<number, number>>();
  /** Revocations by their kind. */
  readonly revocations = new Map<string, number>();
  /** Commands refused by a rate, by the name of the limit. */
  readonly rateLimited = new Map<string, number>();
  readonly errorsByCode = new Map<number, number>();
  readonly disconnectsByCode = new Map<number, number>();
  readonly unsubscribesByCode = new Map<number, number>();
  /** Requests to the HTTP API: by method, then by HTTP status. */
  readonly apiRequests = new Map<string, Map<number, number>>();
  /** Calls that the HTTP API refused or that failed: by method, then by error code. */
  readonly apiErrors = new Map<string, Map<number, number>>();
  /** What is about no channel, or about one that has no rule. */
  readonly noRule = new RuleCounts();
  /** Seconds from a connect command to its reply, by transport. */
  readonly connecting = new HistogramFamily(connectBounds);
  /** Seconds from a ping to its pong, by transport. */
  readonly pings = new HistogramFamily(pingBounds);
  /** Seconds of a request to the HTTP API, by method. */
  readonly apiCalls = new HistogramFamily(apiBounds);
  /** Seconds of an answer of the broker, by operation. */
  readonly brokerCalls = new HistogramFamily(brokerBounds);
  /** Publications of one channel that left together. */
  readonly batches = new Histogram(batchBounds);
  /** Bytes that waited for a connection when it was written to; one write in {@link writesPerQueueSample}. */
  readonly queues = new Histogram(queueBounds);

  /** Commands of clients. */
  get commands(): number {
    let count = 0;
    for (const each of this.commandsByKind.values()) count += each;
    return count;
  }

  /** Adds one under a code or a name, which come from fixed tables, so the map stays small. */
  static add<Key>(map: Map<Key, number>, key: Key): void {
    map.set(key, (map.get(key) ?? 0) + 1);
  }

  /** Adds one under a name and a code. Names also come from fixed tables. */
  static addTo(maps: Map<string, Map<number, number>>, name: string, code: number): void {
    const map = maps.get(name) ?? new Map<number, number>();
    maps.set(name, map);
    Counters.add(map, code);
  }
}
