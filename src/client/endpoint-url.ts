/** Derives the addresses of the endpoints from the arguments of `connect`. */

import { ClientError } from './client-error.js';
import type { Endpoints } from './transport-name.js';

const defaultPath = '/connection/websocket';

/** For WebSocket and for plain requests. */
const schemes: Readonly<Record<string, readonly [string, string]>> = {
  'http:': ['ws:', 'http:'],
  'ws:': ['ws:', 'http:'],
  'https:': ['wss:', 'https:'],
  'wss:': ['wss:', 'https:'],
};

/** Paths that differ from the defaults, as in the server's `transports`. */
export interface EndpointPaths {
  /** Default: `/connection/http_stream`. */
  readonly httpStream?: string;
  /** Default: `/connection/sse`. */
  readonly sse?: string;
  /** Default: `/connection/long_polling`. */
  readonly longPolling?: string;
  /** Path for commands of the streaming transports. Default: `/emulation`. */
  readonly emulation?: string;
}

/**
 * @param url an origin or a full address, `http(s)` or `ws(s)`; the default path is `/connection/websocket`. A prefix
 *   before that also precedes the other default paths
 * @param base the page that a relative URL refers to, if there is one
 * @throws ClientError `ERR_URL`
 */
export function endpointsOf(url: string | URL, base: string | undefined, paths: EndpointPaths = {}): Endpoints {
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
  const { host, search, username, password } = parsed;
  const path = parsed.pathname === '/' ? defaultPath : parsed.pathname;
  const prefix = path.endsWith(defaultPath) ? path.slice(0, -defaultPath.length) : '';
  // Concatenated, since not every runtime lets the scheme of a URL object be changed.
  const at = (given: string | undefined, usual: string) => `${scheme[1]}//${host}${given ?? prefix + usual}${search}`;
  return {
    websocket: `${scheme[0]}//${username === '' ? '' : `${username}:${password}@`}${host}${path}${search}`,
    // Without the name and password of the URL, which `fetch` refuses.
    http_stream: at(paths.httpStream, '/connection/http_stream'),
    sse: at(paths.sse, '/connection/sse'),
    long_polling: at(paths.longPolling, '/connection/long_polling'),
    emulation: at(paths.emulation, '/emulation'),
  };
}
