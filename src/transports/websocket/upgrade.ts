/** Checks a WebSocket upgrade before `ws` sees it, and answers those that are refused. */

import type { Duplex } from 'node:stream';
import { elementsOf, isToken } from '../../http/header-list.js';
import { findHostFault, hostOf } from '../../http/host.js';
import { http } from '../../http/node-http.js';
import type { RequestHead } from '../../http/request-head.js';
import { hasBody, offersWebSocket } from '../../http/upgrade-header.js';
import { findForeignUpgrade, type PagePolicy } from '../foreign-page.js';
import type { Refusal } from '../refusal.js';
import { deflateOffers } from './deflate-offer.js';

/** Refuses what `ws` would accept. An invalid key is refused by `ws` itself, with 400. */
export function findRefusal(
  request: RequestHead,
  policy: PagePolicy,
  subprotocols: readonly string[] = subprotocolsOf(request),
): Refusal | undefined {
  // RFC 6455 section 4.1.
  if (request.httpVersion !== '1.1' || findHostFault(request) !== undefined || hostOf(request) === '') {
    return { status: 400, message: 'HTTP/1.1 with one Host only' };
  }
  if (request.method !== 'GET') return { status: 405, message: 'use GET', headers: { Allow: 'GET' } };
  if (!offersWebSocket(request)) return { status: 400, message: 'upgrade to websocket only' };
  // RFC 6455 section 4.2.1: a body could not be told apart from frames.
  if (hasBody(request)) return { status: 400, message: 'an upgrade to WebSocket has no body' };
  // RFC 6455 section 4.4; version 8 was a draft.
  if (request.headers['sec-websocket-version'] !== '13') {
    return { status: 426, message: 'WebSocket version 13 only', headers: { 'Sec-WebSocket-Version': '13' } };
  }
  const foreign = findForeignUpgrade(request, policy);
  if (foreign !== undefined) return foreign;
  // A malformed offer makes the handshake invalid, even if it would be declined.
  if (deflateOffers(request) === undefined) {
    return { status: 400, message: 'invalid Sec-WebSocket-Extensions' };
  }
  if (!subprotocols.every(isToken)) return { status: 400, message: 'invalid Sec-WebSocket-Protocol' };
  return undefined;
}

/** The offered subprotocols, in order, each once. */
export function subprotocolsOf({ headers }: RequestHead): string[] {
  if (headers['sec-websocket-protocol'] === undefined) return [];
  return [...new Set(elementsOf(headers['sec-websocket-protocol']))];
}

/**
 * To be called before `ws` gets an accepted request: `ws` refuses lists with empty or duplicate elements, which
 * recipients have to ignore (RFC 9110, 5.6.1) and which occur in practice.
 */
export function tidyHandshake({ headers }: RequestHead, subprotocols: readonly string[]): void {
  headers.upgrade = 'websocket';
  if (subprotocols.length > 0) headers['sec-websocket-protocol'] = subprotocols.join(', ');
  else delete headers['sec-websocket-protocol'];
}

/** Answers and closes. Pipelined data is never read. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const { status, message, headers } = refusal;
  const lines = Object.entries({
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    // The message may quote the request.
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': String(Buffer.byteLength(message)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end([`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}`, ...lines, '', message].join('\r\n'));
}
