/** Answers `PUT`, `POST` and `DELETE`: reads what is to be written, for whoever may write. */

import type { HttpExchange } from '../../http/exchange.js';
import { hostOf, targetOf } from '../../http/host.js';
import type { RequestHead } from '../../http/request-head.js';
import { errorCodes } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import { defaultStreamBodyBytes } from '../../model/stream-body.js';
import type { ClientGate } from '../client-gate.js';
import { Exchange, type ExchangePorts } from '../exchange.js';
import { failed, type StreamAnswer, tooLarge } from './answer.js';
import { deniedAnswer } from './denied.js';
import type { DurableStreamsOptions } from './options.js';
import type { StreamCall } from './reading.js';
import { writeRequestOf } from './stream-request.js';
import type { StreamWriter } from './writer.js';

export interface WritingPorts {
  readonly exchange: ExchangePorts;
  readonly gate: ClientGate;
  readonly options: DurableStreamsOptions;
  /** Absent: the broker keeps no maps. */
  readonly writer: StreamWriter | undefined;
}

export class Writing {
  constructor(private readonly ports: WritingPorts) {}

  /** @returns `undefined`: the client has gone @throws FanfareError `ERR_BROKER` */
  async answer(
    { http, target, visitor }: StreamCall,
    method: 'PUT' | 'POST' | 'DELETE',
  ): Promise<StreamAnswer | undefined> {
    const { options } = this.ports;
    const writer = options.readOnly === true ? undefined : this.ports.writer;
    if (writer === undefined) return failed(501, errorCodes.notAvailable, 'streams are not written here');
    const denied = await visitor.findWriteDenied(target);
    if (denied !== undefined) return deniedAnswer(denied);
    if (method === 'DELETE') {
      const mayDelete = visitor.isBackend || options.writersMayDelete === true;
      if (!mayDelete) return failed(403, errorCodes.permissionDenied, 'to delete a stream takes a key of the API');
      return writer.delete(target, visitor);
    }
    const request = writeRequestOf(http.head);
    if ('status' in request) return request;
    if (request.isFork) return failed(501, errorCodes.notAvailable, 'streams are not forked here');
    const body = await this.#bodyOf(http);
    if (!(body instanceof Uint8Array)) return body;
    if (method === 'POST') return writer.append(target, request, body, visitor);
    const answer = await writer.create(target, request, body, visitor);
    return answer.status === 201 ? { ...answer, headers: { ...answer.headers, Location: urlOf(http.head) } } : answer;
  }

  /** `undefined`: the client has gone. */
  async #bodyOf(http: HttpExchange): Promise<Uint8Array | StreamAnswer | undefined> {
    const { exchange, gate, options } = this.ports;
    const { maxBodyBytes = defaultStreamBodyBytes } = options;
    const body = await new Exchange(http, exchange, gate).readBytes(maxBodyBytes);
    if (body === undefined || body instanceof Uint8Array) return http.isOver ? undefined : body;
    if (body.status === 413) return { ...tooLarge, why: largeBody(maxBodyBytes) };
    return { ...failed(body.status, errorCodes.badRequest, body.message), ...(body.why && { why: body.why }) };
  }
}

function largeBody(maxBytes: number): RefusalLine {
  return {
    check: 'request body',
    key: 'large stream body',
    fields: { option: 'durableStreams.maxBodyBytes', maxBytes },
    message: 'request refused: its body is larger than durableStreams.maxBodyBytes allows',
  };
}

function urlOf(head: RequestHead): string {
  const scheme = 'encrypted' in head.socket && head.socket.encrypted === true ? 'https' : 'http';
  const [path = ''] = targetOf(head).split('?');
  return `${scheme}://${hostOf(head) ?? ''}${path}`;
}
