/** Turns what an application gives to `connect` into the addresses of the endpoints. */

import { ClientError } from './client-error.js';
import type { Endpoints } from './transport-name.js';

const defaultPath = '/connection/websocket';

/** Of WebSocket and of plain requests. */
const schemes: Readonly<Record<string, readonly [string, string]>> = {
  'http:': ['ws:', 'http:'],
  'ws:': ['ws:', 'http:'],
  'https:': ['wss:', 'https:'],
  'wss:': ['wss:', 'https:'],
};

/** Paths of a server that has them elsewhere than by default, as it has them in its `transports`. */
export interface EndpointPaths {
  /** Default: `/connection/http_stream`. */
  readonly httpStream?: string;
  /** Default: `/connection/sse`. */
  readonly sse?: string;
  /** Default: `/connection/long_polling`. */
  readonly longPolling?: string;
  /** Where commands go when publications come as a stream. Default: `/emulation`. */
  readonly emulation?: string;
}

/**
 * @param url an origin or a full address, `http(s)` or `ws(s)`; without a path it gets `/connection/websocket`. What is
 *   before that in a longer path is before the other default paths as well
 * @param base the page that a relative URL starts from, if there is one
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
  // Put together by hand: the URL class does not let a scheme be changed in every runtime.
  const at = (given: string | undefined, usual: string) => `${scheme[1]}//${host}${given ?? prefix + usual}${search}`;
  return {
    websocket: `${scheme[0]}//${username === '' ? '' : `${username}:${password}@`}${host}${path}${search}`,
    // Without the name and password of the URL: `fetch` takes none.
    http_stream: at(paths.httpStream, '/connection/http_stream'),
    sse: at(paths.sse, '/connection/sse'),
    long_polling: at(paths.longPolling, '/connection/long_polling'),
    emulation: at(paths.emulation, '/emulation'),
  };
}
