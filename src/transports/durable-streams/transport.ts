/**
 * Durable Streams over channels: the open HTTP protocol for append-only logs, for clients that have no SDK and caches that
 * know no WebSocket. A stream is the history of a channel.
 */

import type { OutgoingHttpHeaders } from 'node:http';
import type { Publishing } from '../../engine/channels/publishing.js';
import { type HistoryStore, historyOf, type Stores } from '../../engine/ports/broker.js';
import type { MapStore } from '../../engine/ports/map-store.js';
import type { Admission } from '../../engine/sessions/admission.js';
import type { TargetPorts } from '../../engine/sessions/commands/target.js';
import { ApiKeys, minApiKeyBytes } from '../../http/api/api-keys.js';
import type { HttpExchange } from '../../http/exchange.js';
import { errorCodes } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { ClientGate } from '../client-gate.js';
import { corsHeaders } from '../cors.js';
import { findUnwelcome } from '../exchange.js';
import type { ClientEndpoint, Transport, TransportPorts } from '../transport.js';
import { type AccessPorts, visitorOf } from './access.js';
import { failed, type StreamAnswer, succeeded } from './answer.js';
import { deniedAnswer } from './denied.js';
import { LiveReads } from './live-reads.js';
import type { DurableStreamsOptions } from './options.js';
import { PendingData } from './pending-data.js';
import { PendingParts } from './pending-parts.js';
import { StreamReader } from './reader.js';
import { Reading } from './reading.js';
import { StreamChanges } from './stream-changes.js';
import { channelIn } from './stream-request.js';
import { StreamStates } from './stream-state.js';
import { findStream } from './target.js';
import type { WaitingPorts } from './waiting.js';
import { StreamWriter } from './writer.js';
import { Writing } from './writing.js';

export interface DurableStreamsPorts extends TransportPorts, TargetPorts, AccessPorts, WaitingPorts {
  readonly clock: TransportPorts['clock'];
  readonly broker: Stores;
  readonly publishing: Publishing;
  readonly admission: Pick<Admission, 'opened' | 'closed' | 'isDraining'>;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'] as const;
type Method = (typeof methods)[number];

const readHeaders =
  'Stream-Next-Offset, Stream-Up-To-Date, Stream-Closed, Stream-Cursor, Stream-TTL, Stream-Expires-At, Stream-SSE-Data-Encoding, ETag, Location, Producer-Epoch, Producer-Seq, Producer-Expected-Seq, Producer-Received-Seq';

const preflight: OutgoingHttpHeaders = {
  'Access-Control-Allow-Methods': methods.join(', '),
  'Access-Control-Allow-Headers':
    'authorization, content-type, if-none-match, x-api-key, stream-ttl, stream-expires-at, stream-seq, stream-closed, producer-id, producer-epoch, producer-seq',
  'Access-Control-Max-Age': '300',
};

/** Pages of other origins may read what CORS allows, and cannot embed it. */
const secured: OutgoingHttpHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Access-Control-Expose-Headers': readHeaders,
};

export class DurableStreamsTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #ports: DurableStreamsPorts;
  readonly #gate: ClientGate;
  readonly #options: DurableStreamsOptions;
  readonly #keys: ApiKeys;
  readonly #reading: Reading;
  readonly #writing: Writing;
  readonly #live: LiveReads;

  /** @throws FanfareError `ERR_CONFIG` if the broker cannot keep what is asked for, or a key is too short */
  constructor(ports: DurableStreamsPorts, gate: ClientGate, options: DurableStreamsOptions) {
    this.#ports = ports;
    this.#gate = gate;
    this.#options = options;
    this.#keys = keysOf(options);
    const { clock, broker } = ports;
    const history = historyOf(broker, {});
    if (history === undefined) throw fault(`the broker "${broker.name}" keeps no history`);
    const { maps } = broker;
    if (maps === undefined && options.readOnly !== true) {
      throw fault(
        `the broker "${broker.name}" keeps no maps, which hold the state of streams that are written: set readOnly, or take memory, redis or nats`,
      );
    }
    const written = maps && writtenStreams(ports, maps, history);
    const { states, changes, writer } = written ?? {};
    const reader = new StreamReader({ history, states, changes, clock });
    this.#live = new LiveReads(ports, reader);
    this.#reading = new Reading({ gate, reader, live: this.#live, writer });
    this.#writing = new Writing({ exchange: ports, gate, options, writer });
    this.endpoints = [{ path: options.path, isPrefix: true, handle: (http) => this.#handle(http) }];
  }

  settled(): Promise<void> {
    return this.#live.settled();
  }

  terminateAll(): void {
    this.#live.cut();
  }

  #handle(http: HttpExchange): void {
    this.#serve(http).catch((error: unknown) => {
      if (http.isAnswered) http.stream.destroy();
      else this.#answer(http, this.#failure(error));
    });
  }

  async #serve(http: HttpExchange): Promise<void> {
    const { head } = http;
    const unwelcome = this.#gate.findClosing() ?? findUnwelcome(head, this.#gate, methods);
    if (unwelcome === 'preflight') {
      this.#answer(http, succeeded(204, preflight));
      return;
    }
    if (unwelcome !== undefined) {
      this.#gate.noteRefusal(head, unwelcome);
      const { status, message, headers } = unwelcome;
      this.#answer(http, failed(status, errorCodes.badRequest, message, headers), true);
      return;
    }
    const visitor = await visitorOf(this.#ports, head, this.#gate.handshakeOf(head), this.#keys);
    if ('ok' in visitor) {
      this.#answer(http, deniedAnswer(visitor));
      return;
    }
    const target = findStream(this.#ports, channelIn(head, this.#options.path));
    if ('status' in target) {
      this.#answer(http, target);
      return;
    }
    // safe: other methods are not welcome
    const method = head.method as Method;
    const call = { http, target, visitor };
    const answer =
      method === 'GET' || method === 'HEAD'
        ? await this.#reading.answer(call, method, this.#headersOf(http))
        : await this.#writing.answer(call, method);
    if (answer !== undefined) this.#answer(http, answer);
  }

  #headersOf({ head }: HttpExchange): OutgoingHttpHeaders {
    return { ...secured, ...corsHeaders(head, this.#gate) };
  }

  /** @param isNoted the refusal is in the log already */
  #answer(http: HttpExchange, { status, headers, body, reason, why }: StreamAnswer, isNoted = false): void {
    if (http.isAnswered) return;
    // What a stream answers, such as that it is not there or closed, is no refusal to look into.
    const isRefusal = [401, 403, 408, 413, 429].includes(status);
    if (isRefusal && reason !== undefined && !isNoted) {
      this.#gate.noteRefusal(http.head, { status, message: reason, ...(why && { why }) });
    }
    const hasBody = status !== 204 && status !== 304;
    const length = hasBody && http.head.method !== 'HEAD' && { 'Content-Length': Buffer.byteLength(body) };
    http.answer(status, { ...this.#headersOf(http), ...length, ...headers }, hasBody ? body : '');
  }

  #failure(error: unknown): StreamAnswer {
    const { log, refusals } = this.#ports;
    if (error instanceof FanfareError && error.httpStatus === 503) {
      refusals.tell({
        check: 'broker',
        key: `durable streams ${error.state ?? ''}`,
        fields: { what: 'durable streams', err: error },
        message: 'failed: the broker has failed, or has refused',
      });
      return failed(503, errorCodes.internal, 'the broker cannot be reached or has refused: try again', {
        'Retry-After': '1',
      });
    }
    log.error({ err: error }, 'a request for a stream could not be answered');
    return failed(500, errorCodes.internal, errorCodes.internal.message);
  }
}

/** What streams that are written need: their states, changes of those, and who decides about requests. */
function writtenStreams(ports: DurableStreamsPorts, maps: MapStore, history: HistoryStore) {
  const { clock, random, log, publishing } = ports;
  const states = new StreamStates(maps);
  const pending = new PendingData({ parts: new PendingParts(maps, random), history, publishing, clock });
  const changes = new StreamChanges({ states, pending, history, log });
  return { states, changes, writer: new StreamWriter({ changes, states, history, clock, random, log }) };
}

function keysOf({ keys = [] }: DurableStreamsOptions): ApiKeys {
  const read = typeof keys === 'function' ? keys : () => keys;
  if (read().some((key) => Buffer.byteLength(key) < minApiKeyBytes)) {
    throw fault(`a key has at least ${minApiKeyBytes} bytes`);
  }
  return new ApiKeys(read);
}

function fault(why: string): FanfareError {
  return new FanfareError('ERR_CONFIG', `durableStreams: ${why}`);
}
