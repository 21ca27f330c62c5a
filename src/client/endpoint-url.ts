/** Turns what an application gives to `connect` into the address of a WebSocket endpoint. */

import { ClientError } from './client-error.js';

const defaultPath = '/connection/websocket';

const schemes: Readonly<Record<string, string>> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' };

/**
 * @param url an origin or a full address, `http(s)` or `ws(s)`; without a path it gets `/connection/websocket`
 * @param base the page that a relative URL starts from, if there is one
 * @throws ClientError `ERR_URL`
 */
export function endpointUrl(url: string | URL, base: string | undefined): string {
  let parsed: URL;
  try {
    parsed = base === undefined ? new URL(url) : new URL(url, base);
  } catch (cause) {
    throw new ClientError('ERR_URL', `not a URL${base === undefined ? ', or a relative one outside a page' : ''}`, {
      cause,
    });
  }
  const scheme = schemes[parsed.protocol];
  if (scheme === undefined) throw new ClientError('ERR_URL', `no WebSocket server speaks "${parsed.protocol}"`);
  const path = parsed.pathname === '/' ? defaultPath : parsed.pathname;
  // Put together by hand: the URL class does not let a scheme be changed in every runtime.
  const credentials = parsed.username === '' ? '' : `${parsed.username}:${parsed.password}@`;
  return `${scheme}//${credentials}${parsed.host}${path}${parsed.search}`;
}
