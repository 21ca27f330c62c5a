/** Interprets the `Upgrade` header for a server that supports only WebSocket. */

import { elementsOf } from './header-list.js';
import type { RequestHead } from './request-head.js';

/**
 * Whether WebSocket is offered, and h2c (HTTP/2 over plain TCP) is not: a proxy could otherwise take a 101 for an
 * HTTP/2 connection.
 */
export function offersWebSocket(request: RequestHead): boolean {
  const offered = protocolsOf(request);
  return offered.includes('websocket') && !offered.includes('h2c');
}

/** The obsolete upgrade to HTTP/2 (RFC 9113, 3.1), which Java's client offers with every request. */
export function offersHttp2(request: RequestHead): boolean {
  return protocolsOf(request).includes('h2c');
}

/** What nearly all upgrades ask for, and each is asked about several times. */
const webSocketOnly: readonly string[] = ['websocket'];

function protocolsOf({ headers }: RequestHead): readonly string[] {
  if (headers.upgrade === 'websocket') return webSocketOnly;
  return elementsOf(headers.upgrade).map((protocol) => protocol.toLowerCase());
}

/** Announces a body (RFC 9112, 6.3). */
export function hasBody({ headers }: RequestHead): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
