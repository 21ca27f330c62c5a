/** `POST /api/stream_write`: one request whose body is the appends of a stream, for as long as it takes to make them. */

import { randomUUID } from 'node:crypto';
import type { AnswerProducer } from '../../engine/channels/answer-producer.js';
import { toJsonText } from '../../model/json-text.js';
import { isMapKey } from '../../model/map-key.js';
import type { HttpEndpoint, HttpRequest } from '../endpoint.js';
import { mediaTypeOf } from '../media-type.js';
import { malformed, tooMuch, unsupportedType } from './api-error.js';
import { type ApiGate, guarded } from './endpoint.js';
import type { ApiCall, ApiParts } from './method.js';
import { type BodyFormat, piecesOf } from './stream-pieces.js';

/** By the type of the body. */
const formats: Readonly<Record<string, BodyFormat>> = {
  'text/plain': 'text',
  'text/event-stream': 'events',
  'application/x-ndjson': 'lines',
  'application/jsonl': 'lines',
};

/** Of a way to the piece in each event. */
const maxPickLength = 256;

export function streamEndpoint(parts: ApiParts, gate: ApiGate): HttpEndpoint {
  const name = 'stream_write';
  return guarded({ path: `${gate.base ?? '/api'}/${name}` }, name, parts, gate, async (request, call) => {
    return `{"result":${await write(request, call, gate.maxBodyBytes)}}`;
  });
}

/** @throws ApiError, FanfareError, BodyAborted */
async function write(request: HttpRequest, { operations }: ApiCall, maxBodyBytes: number): Promise<string> {
  const format = formats[mediaTypeOf(request.headers['content-type'])];
  if (format === undefined) throw unsupportedType(`Content-Type must be one of ${Object.keys(formats).join(', ')}`);
  const query = new URLSearchParams(request.query);
  const channel = query.get('channel') ?? '';
  const id = query.get('id') ?? randomUUID();
  if (!isMapKey(id)) throw malformed('id is empty or too long, or is no Unicode', 'id');
  const way = query.get('pick') ?? '';
  if (way.length > maxPickLength) throw malformed('pick is too long', 'pick');
  const producer = await operations.produceAnswer(channel, { id });
  try {
    const options = { format, isText: producer.content === 'text', pick: way === '' ? [] : way.split('.') };
    const pieces = piecesOf(chunksOf(request, maxBodyBytes), options);
    for await (const piece of untilStopped(pieces, producer.signal)) {
      await producer.append(await operations.acceptAddition(channel, piece));
    }
  } catch (cause) {
    // Whoever sends may go on with another request.
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ERR_STREAM_LOST')) await interrupted(producer);
    throw cause;
  }
  if (producer.signal.aborted) {
    await producer.end('closed', toJsonText({ cancelled: true })).catch(() => undefined);
    throw producer.signal.reason;
  }
  const isOpen = query.get('close') === 'false';
  if (isOpen) await interrupted(producer);
  else await producer.end('closed');
  const read = await operations.readAnswer(channel, id);
  return JSON.stringify({ id, state: read?.state, length: read?.length });
}

function chunksOf(request: HttpRequest, maxBodyBytes: number): AsyncIterable<Uint8Array> {
  return request.chunks?.() ?? whole(request, maxBodyBytes);
}

async function* whole(request: HttpRequest, maxBodyBytes: number): AsyncGenerator<Uint8Array> {
  const body = await request.readBody(maxBodyBytes);
  if (body === undefined) throw tooMuch(`the body is larger than ${maxBodyBytes} bytes`, 'api.maxBodyBytes');
  yield body;
}

/** Ends without an error when the signal is aborted, also while nothing comes. */
async function* untilStopped<Piece>(pieces: AsyncGenerator<Piece>, signal: AbortSignal): AsyncGenerator<Piece> {
  let wake = () => {};
  const stopped = new Promise<undefined>((resolve) => {
    wake = () => resolve(undefined);
  });
  signal.addEventListener('abort', wake);
  try {
    while (!signal.aborted) {
      const next = pieces.next();
      // If it is not waited for.
      next.catch(() => undefined);
      const result = await Promise.race([next, stopped]);
      if (result === undefined || result.done) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', wake);
    // What still comes is not read: the answer ends the connection.
    pieces.return(undefined).catch(() => undefined);
  }
}

/** What was appended stays, and the next producer of this id goes on with it. */
async function interrupted(producer: AnswerProducer): Promise<void> {
  await producer.interrupt().catch(() => undefined);
}
