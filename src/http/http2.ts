/** What is different for requests over HTTP/2, and has to be the same for whoever answers them. */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { hostOf } from './host.js';
import type { RequestHead } from './request-head.js';

/** Has frames and streams of its own: `Connection`, `Transfer-Encoding` and `Upgrade` do not exist (RFC 9113, 8.2.2). */
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
 * Asked when a body ends: whether all of it is there. Over HTTP/2 it ends, too, when the client takes its request back,
 * and only then is told to be aborted.
 */
export function isWhole(request: IncomingMessage): boolean {
  // safe: a request over HTTP/2 is one of its own
  return !isHttp2(request) || !(request as unknown as Http2ServerRequest).stream.closed;
}

/** To be called before the head is written: a body that has not been read is not waited for once it is answered. */
export function leaveBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  if (!isHttp2(request)) {
    response.setHeader('Connection', 'close');
    return;
  }
  // safe: the response to a request over HTTP/2 is one of its own
  const { stream } = response as unknown as Http2ServerResponse;
  if (stream.endAfterHeaders) return;
  // RFC 9113 section 8.1: the client is asked to stop, and has its whole answer nevertheless. An answer that is a head
  // alone is finished before it is written: Node 22 would let the request to stop overtake it.
  stream.once('finish', () => setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR)));
}

/** Whether the system has taken a response that was ended. `false` when it is not known yet. */
export function isTaken(response: ServerResponse): boolean {
  // All requests of a connection of HTTP/2 share its socket.
  return (isHttp2(response.req) ? response : response.socket)?.writableLength === 0;
}
