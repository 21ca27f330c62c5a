/** Checks a WebSocket upgrade before `ws` sees it, and answers those that are refused. */

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
// The whole of it: Bun has a ws without these, and the refusal of Bun comes later than a missing export would.
import * as ws from 'ws';
import type { Refusal } from '../client-gate.js';
import { cookiesWithoutOrigin, foreignPage } from '../foreign-page.js';
import type { OriginPolicy } from '../origin-policy.js';
import type {} from './ws-internals.js';

/** Longer ones are not worth parsing: browsers send about 50 bytes. */
const maxExtensionsLength = 1_024;

/** What {@link findRefusal} decides by. */
export interface UpgradePolicy {
  readonly origins: OriginPolicy;
  /** Cookies may be what tells who the client is, so a request with some has to say which page it comes from. */
  readonly cookiesAuthenticate: boolean;
}

/** What `ws` would let through and we do not. The rest (key, subprotocols) it refuses itself with 400. */
export function findRefusal(request: IncomingMessage, policy: UpgradePolicy): Refusal | undefined {
  // Node checks this for ordinary requests only (RFC 9110 section 7.2; RFC 6455 section 4.1).
  if (request.httpVersion !== '1.1' || request.headersDistinct.host?.length !== 1 || request.headers.host === '') {
    return { status: 400, message: 'HTTP/1.1 with one Host only' };
  }
  if (request.method !== 'GET') return { status: 405, message: 'use GET', headers: { Allow: 'GET' } };
  if (request.headers.upgrade?.toLowerCase() !== 'websocket')
    return { status: 400, message: 'upgrade to websocket only' };
  // RFC 6455 section 4.4; version 8 was a draft.
  if (request.headers['sec-websocket-version'] !== '13') {
    return { status: 426, message: 'WebSocket version 13 only', headers: { 'Sec-WebSocket-Version': '13' } };
  }
  if (!policy.origins.allows(request)) return foreignPage(request, policy.origins);
  const { origin, cookie } = request.headers;
  if (policy.cookiesAuthenticate && cookie !== undefined && origin === undefined) {
    return cookiesWithoutOrigin;
  }
  if (!hasValidExtensions(request.headers['sec-websocket-extensions'])) {
    return { status: 400, message: 'invalid Sec-WebSocket-Extensions' };
  }
  return undefined;
}

/** Offers are declined, but a malformed one is still a malformed handshake. */
function hasValidExtensions(header: string | undefined): boolean {
  if (header === undefined) return true;
  if (header.length > maxExtensionsLength) return false;
  try {
    const offers = ws.extension.parse(header)[ws.PerMessageDeflate.extensionName];
    if (offers !== undefined) new ws.PerMessageDeflate({ isServer: true }).accept(offers);
    return true;
  } catch {
    // ws throws for what does not parse; which part it was is of no use to anybody.
    return false;
  }
}

/** Answers and closes. Whatever the peer has pipelined behind its request is never looked at. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const { status, message, headers } = refusal;
  const lines = Object.entries({
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    // The message may cite the request.
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': String(Buffer.byteLength(message)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', message].join('\r\n'));
}
