/** Cross-origin requests: headers that let only pages with allowed origins read answers. */

import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestHead } from '../http/request-head.js';
import type { ClientGate } from './client-gate.js';

const preflightMaxAgeSec = 300;

/** For an answer to a request, refused or not. Empty for other origins. */
export function corsHeaders(request: RequestHead, gate: ClientGate): OutgoingHttpHeaders {
  const { origin } = request.headers;
  if (gate.origins.allowsAll) return { 'Access-Control-Allow-Origin': '*' };
  if (origin === undefined || !gate.origins.allows(request)) return { Vary: 'Origin' };
  return {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': origin,
    // Never with `*`, since then any page could act as its visitor.
    ...(gate.cookiesAuthenticate && { 'Access-Control-Allow-Credentials': 'true' }),
  };
}

/** For the answer to a preflight from a page that may connect. */
export function preflightHeaders(methods: readonly string[]): OutgoingHttpHeaders {
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': 'authorization, content-type, last-event-id',
    'Access-Control-Max-Age': String(preflightMaxAgeSec),
  };
}
