/** The parts of a connection's HTTP request that the engine needs. */

import type { Handshake } from '../engine/ports/connection.js';
import { headersOf } from '../http/http2.js';
import type { RequestHead } from '../http/request-head.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** Copies these parts, so that the request itself can be freed. */
export function handshakeOf(request: RequestHead, proxies: TrustedProxies): Handshake {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(headersOf(request))) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return { headers, url: request.url ?? '/', remoteAddress: proxies.clientAddress(request) };
}
