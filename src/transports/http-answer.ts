/** Plain requests to transports: the checks that they share, their bodies, and short answers. */

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../engine/ports/clock.js';
import { BodyAborted, readBody } from '../http/body.js';
import { isHttp2, leaveBody } from '../http/http2.js';
import { mediaTypeOf } from '../http/media-type.js';
import type { RequestHead } from '../http/request-head.js';
import type { RefusalLine } from '../model/refusal-line.js';
import type { ClientGate } from './client-gate.js';
import { corsHeaders, preflightHeaders } from './cors.js';
import type { Refusal } from './refusal.js';
import { unspokenType } from './unspoken-protocol.js';

/** On every answer: it is about now, for this client, and not to be packed or held back by anybody on the way. */
export const uncached = {
  'Cache-Control': 'no-store, no-transform',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** Ends an exchange. Without a text: no body. */
export function answer(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders = {},
  text?: string,
): void {
  if (response.headersSent || response.destroyed) return;
  const body = text === undefined ? '' : `${text}\n`;
  leaveBody(response.req, response);
  response.writeHead(status, {
    ...uncached,
    ...(status !== 204 && { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(body) }),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Writes the head of a response that does not end by itself. */
export function beginStream(request: IncomingMessage, response: ServerResponse, headers: OutgoingHttpHeaders): void {
  const isFramed = isHttp2(request);
  // The end of the connection is the end of the body: HAProxy, unless told otherwise, keeps each chunk for 200 ms to see
  // whether more comes, and passes on at once what has no chunks. Nor is there a chunk's head to write each time.
  if (!isFramed) response.removeHeader('Transfer-Encoding');
  response.writeHead(200, {
    ...uncached,
    // nginx would gather the response otherwise.
    'X-Accel-Buffering': 'no',
    ...(!isFramed && { Connection: 'close' }),
    ...headers,
  });
}

export function refuse(request: IncomingMessage, response: ServerResponse, gate: ClientGate, refusal: Refusal): void {
  gate.logRefusal(request, refusal);
  answer(response, refusal.status, { ...corsHeaders(request, gate), ...refusal.headers }, refusal.message);
}

/** Why the head of a request is answered at once: a page that may not connect, a method that is not in the list, or a preflight. */
export function findUnwelcome(
  request: RequestHead,
  gate: ClientGate,
  methods: readonly string[],
): Refusal | 'preflight' | undefined {
  const foreign = gate.findForeign(request);
  if (foreign !== undefined) return foreign;
  const { method = '' } = request;
  if (method === 'OPTIONS') return 'preflight';
  if (methods.includes(method)) return undefined;
  const allow = methods.join(', ');
  return { status: 405, message: `use ${allow}`, headers: { Allow: `${allow}, OPTIONS` } };
}

/** Whether the request may be looked at. Otherwise it has been answered. */
export function isWelcome(
  request: IncomingMessage,
  response: ServerResponse,
  gate: ClientGate,
  methods: readonly string[],
): boolean {
  const unwelcome = findUnwelcome(request, gate, methods);
  if (unwelcome === undefined) return true;
  if (unwelcome !== 'preflight') refuse(request, response, gate, unwelcome);
  else answer(response, 204, { ...corsHeaders(request, gate), ...preflightHeaders(methods) });
  return false;
}

const slowBody: RefusalLine = {
  check: 'request body',
  key: 'slow',
  fields: { option: 'limits.connectTimeout' },
  message: 'request refused: its body was not there within limits.connectTimeout',
  level: 'info',
};

/** @param maxBytes of the body, in which a frame may stand as a text within JSON */
export function largeBody(maxBytes: number): RefusalLine {
  return {
    check: 'request body',
    key: 'large',
    fields: { option: 'limits.maxFrameBytes', maxBytes },
    message: 'request refused: its body, or the frame in it, is larger than limits.maxFrameBytes allows',
  };
}

interface JsonBodyLimits {
  readonly maxBytes: number;
  /** By when it has to be there. */
  readonly timeoutMs: number;
}

/**
 * Resolves with the text of a JSON body, or why there is none; `undefined` when there is nobody left to answer. A body of
 * another type is refused: pages of strangers can send those without asking.
 */
export async function readJsonBody(
  request: IncomingMessage,
  clock: Clock,
  { maxBytes, timeoutMs }: JsonBodyLimits,
): Promise<{ readonly text: string } | Refusal | undefined> {
  const type = mediaTypeOf(request.headers['content-type']);
  if (type !== 'application/json') {
    return { status: 415, message: 'use Content-Type: application/json', why: unspokenType(type) };
  }
  let cancel = (): void => undefined;
  const late = new Promise<'late'>((resolve) => {
    cancel = clock.schedule(() => resolve('late'), timeoutMs);
  });
  const body = readBody(request, maxBytes).catch((error: unknown) => {
    if (error instanceof BodyAborted) return 'gone' as const;
    throw error;
  });
  try {
    const read = await Promise.race([body, late]);
    if (read === 'gone') return undefined;
    if (read === 'late') return { status: 408, message: 'the body took too long', why: slowBody };
    if (read === undefined) return { status: 413, message: 'too large', why: largeBody(maxBytes) };
    return isUtf8(read) ? { text: Buffer.from(read).toString() } : { status: 400, message: 'not UTF-8' };
  } finally {
    cancel();
  }
}
