/** Hides the differences of requests over HTTP/2 from the code that answers them. */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { hostOf } from './host.js';
import type { RequestHead } from './request-head.js';

/** RFC 9113, 7. Those of `node:http2` would load it, and TLS with it, in servers that have neither. */
export const http2Errors = { noError: 0, cancel: 8, enhanceYourCalm: 11 } as const;

/** HTTP/2 has no `Connection`, `Transfer-Encoding` and `Upgrade` (RFC 9113, 8.2.2). */
export function isHttp2(request: RequestHead): boolean {
  return request.httpVersionMajor >= 2;
}

/** The headers as HTTP/1.1 has them: with a host, and without `:path` and the like. */
export function headersOf(request: RequestHead): IncomingHttpHeaders {
  if (!isHttp2(request)) return request.headers;
  const fields = Object.entries(request.headers).filter(([name]) => !name.startsWith(':'));
  const host = hostOf(request);
  return { ...Object.fromEntries(fields), ...(host !== undefined && { host }) };
}

/**
 * Whether a body that has ended is complete. Over HTTP/2 it also ends when the client cancels the request, which is
 * reported only later.
 */
export function isWhole(request: IncomingMessage): boolean {
  // safe: a request over HTTP/2 is of this class
  return !isHttp2(request) || !(request as unknown as Http2ServerRequest).stream.closed;
}

/** Call it before the head is written, so that an unread body is not waited for after the answer. */
export function leaveBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  if (!isHttp2(request)) {
    response.setHeader('Connection', 'close');
    return;
  }
  // safe: the response to a request over HTTP/2 is of this class
  const { stream } = response as unknown as Http2ServerResponse;
  if (stream.endAfterHeaders) return;
  // RFC 9113 section 8.1: the client is asked to stop, and has its whole answer nevertheless. An answer that is a head
  // alone is finished before it is written: Node 22 would let the request to stop overtake it.
  stream.once('finish', () => setImmediate(() => stream.close(http2Errors.noError)));
}

/** Whether an ended response has been passed to the system; `false` if not known yet. */
export function isTaken(response: ServerResponse): boolean {
  // All requests of a connection of HTTP/2 share its socket.
  return (isHttp2(response.req) ? response : response.socket)?.writableLength === 0;
}
