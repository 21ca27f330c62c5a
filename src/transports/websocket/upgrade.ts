/** Checks a WebSocket upgrade before `ws` sees it, and answers those that are refused. */

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
// The whole of it: Bun has a ws without these, and the refusal of Bun comes later than a missing export would.
import * as ws from 'ws';
import { elementsOf, isToken } from '../../http/header-list.js';
import { findHostFault, hostOf } from '../../http/host.js';
import type { RequestHead } from '../../http/request-head.js';
import { hasBody, offersWebSocket } from '../../http/upgrade-header.js';
import { cookiesWithoutOrigin, foreignPage } from '../foreign-page.js';
import type { OriginPolicy } from '../origin-policy.js';
import type { Refusal } from '../refusal.js';
import type {} from './ws-internals.js';

/** Longer ones are not worth parsing: browsers send about 50 bytes. */
const maxExtensionsLength = 1_024;

/** What {@link findRefusal} decides by. */
export interface UpgradePolicy {
  readonly origins: OriginPolicy;
  /** Cookies may be what tells who the client is, so a request with some has to say which page it comes from. */
  readonly cookiesAuthenticate: boolean;
}

/** What `ws` would let through and we do not. The rest (the key) it refuses itself with 400. */
export function findRefusal(request: RequestHead, policy: UpgradePolicy): Refusal | undefined {
  // RFC 6455 section 4.1.
  if (request.httpVersion !== '1.1' || findHostFault(request) !== undefined || hostOf(request) === '') {
    return { status: 400, message: 'HTTP/1.1 with one Host only' };
  }
  if (request.method !== 'GET') return { status: 405, message: 'use GET', headers: { Allow: 'GET' } };
  if (!offersWebSocket(request)) return { status: 400, message: 'upgrade to websocket only' };
  // RFC 6455 section 4.2.1: none of what follows the request could be told from frames.
  if (hasBody(request)) return { status: 400, message: 'an upgrade to WebSocket has no body' };
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
  if (!subprotocolsOf(request).every(isToken)) return { status: 400, message: 'invalid Sec-WebSocket-Protocol' };
  return undefined;
}

/** Those that are offered, in their order, each once. */
export function subprotocolsOf({ headers }: RequestHead): string[] {
  return [...new Set(elementsOf(headers['sec-websocket-protocol']))];
}

/**
 * To be called before `ws` looks at a request that is let through: `ws` refuses lists with empty elements or with one that comes
 * twice, which RFC 9110, 5.6.1, has recipients ignore and which are in use.
 */
export function tidyHandshake({ headers }: RequestHead, subprotocols: readonly string[]): void {
  headers.upgrade = 'websocket';
  if (subprotocols.length > 0) headers['sec-websocket-protocol'] = subprotocols.join(', ');
  else delete headers['sec-websocket-protocol'];
}

/** Offers are declined, but a malformed one is still a malformed handshake. */
function hasValidExtensions(header: string | undefined): boolean {
  if (header === undefined) return true;
  if (header.length > maxExtensionsLength) return false;
  const elements = elementsOf(header);
  if (elements.length === 0) return true;
  try {
    const offers = ws.extension.parse(elements.join(','))[ws.PerMessageDeflate.extensionName];
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
