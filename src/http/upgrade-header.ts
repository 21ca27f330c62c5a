/** What a request that offers other protocols in its `Upgrade` header is to a server that speaks WebSocket alone. */

import { elementsOf } from './header-list.js';
import type { RequestHead } from './request-head.js';

/**
 * Whether WebSocket is among what is offered. Not when HTTP/2 over plain TCP (h2c) is as well: whatever stands in front may
 * take a 101 for a connection of HTTP/2 then.
 */
export function offersWebSocket(request: RequestHead): boolean {
  const offered = protocolsOf(request);
  return offered.includes('websocket') && !offered.includes('h2c');
}

/** The obsolete upgrade to HTTP/2 (RFC 9113, 3.1), which Java's client offers with every request. */
export function offersHttp2(request: RequestHead): boolean {
  return protocolsOf(request).includes('h2c');
}

function protocolsOf({ headers }: RequestHead): string[] {
  return elementsOf(headers.upgrade).map((protocol) => protocol.toLowerCase());
}

/** Announces a body (RFC 9112, 6.3). */
export function hasBody({ headers }: RequestHead): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
