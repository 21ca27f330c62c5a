/** Answers `GET` and `HEAD`: what there is of a stream, at once or when it comes, to whoever may read it. */

import type { OutgoingHttpHeaders } from 'node:http';
import type { HttpExchange } from '../../http/exchange.js';
import type { RequestHead } from '../../http/request-head.js';
import { errorCodes } from '../../model/codes.js';
import type { ClientGate } from '../client-gate.js';
import type { Visitor } from './access.js';
import { failed, type StreamAnswer, succeeded } from './answer.js';
import { chunkHeaders, etagOf, isKnown } from './chunk-headers.js';
import { bodyOf } from './content.js';
import { deniedAnswer } from './denied.js';
import type { LiveReads } from './live-reads.js';
import { writeOffset } from './offsets.js';
import type { StreamReader, StreamView } from './reader.js';
import { type ReadRequest, readRequestOf } from './stream-request.js';
import type { StreamTarget } from './target.js';
import type { StreamWriter } from './writer.js';

export interface ReadingPorts {
  readonly gate: ClientGate;
  readonly reader: StreamReader;
  readonly live: LiveReads;
  /** Absent: streams are not written here. */
  readonly writer: Pick<StreamWriter, 'use'> | undefined;
}

/** A request that has come through the gate. */
export interface StreamCall {
  readonly http: HttpExchange;
  readonly target: StreamTarget;
  readonly visitor: Visitor;
}

export class Reading {
  constructor(private readonly ports: ReadingPorts) {}

  /**
   * @param headers of every answer, for one that is sent by parts
   * @returns `undefined`: it is answered, or will be
   * @throws FanfareError `ERR_BROKER`
   */
  async answer(
    call: StreamCall,
    method: 'GET' | 'HEAD',
    headers: OutgoingHttpHeaders,
  ): Promise<StreamAnswer | undefined> {
    const { http, target, visitor } = call;
    const denied = await visitor.findReadDenied(target);
    if (denied !== undefined) return deniedAnswer(denied);
    const request = readRequestOf(http.head);
    if ('status' in request) return request;
    const view = await this.ports.reader.view(target);
    if ('status' in view) return view;
    if (method === 'HEAD') return this.#describe(target, view);
    await this.ports.writer?.use(target, view.held);
    const isShared = target.rule.subscribe === 'anyone' && isAnonymous(http.head);
    if (request.live !== undefined) return this.#follow(call, request, headers, isShared);
    const { start, etag } = request;
    const chunk = await this.ports.reader.read(target, view, start);
    if ('status' in chunk) return chunk;
    const about = chunkHeaders(chunk, { start, isShared, isLive: false });
    return start !== 'now' && isKnown(etagOf(chunk), etag)
      ? succeeded(304, about)
      : succeeded(200, about, bodyOf(chunk.mode, chunk.payloads));
  }

  async #describe(target: StreamTarget, view: StreamView): Promise<StreamAnswer> {
    const tail = await this.ports.reader.tail(target, view);
    if ('status' in tail) return tail;
    const { ttlSec, expiresAt } = view.held.state ?? {};
    return succeeded(200, {
      'Content-Type': view.contentType,
      'Stream-Next-Offset': writeOffset(tail),
      ...(ttlSec !== undefined && { 'Stream-TTL': String(ttlSec) }),
      ...(expiresAt !== undefined && { 'Stream-Expires-At': expiresAt }),
      ...(view.isClosed && { 'Stream-Closed': 'true' }),
      'Cache-Control': 'no-store',
    });
  }

  #follow(
    call: StreamCall,
    request: ReadRequest,
    headers: OutgoingHttpHeaders,
    isShared: boolean,
  ): StreamAnswer | Promise<StreamAnswer | undefined> {
    const { gate, live } = this.ports;
    const { head } = call.http;
    const full = gate.findFull(head);
    if (full !== undefined) {
      gate.noteRefusal(head, full);
      return failed(full.status, errorCodes.limitExceeded, full.message, full.headers);
    }
    const reader = { ...call, request, headers, address: gate.handshakeOf(head).remoteAddress };
    return request.live === 'sse' ? live.stream(reader) : live.poll(reader, isShared);
  }
}

/** Nothing of the request says who sends it. */
function isAnonymous({ headers }: RequestHead): boolean {
  return headers.authorization === undefined && headers.cookie === undefined && headers['x-api-key'] === undefined;
}
