/** Where the server's endpoints are, taken apart once for all connections. */

import { endpointsOf } from '../../client/endpoint-url.js';
import { defined } from '../../model/defined.js';
import type { HttpTarget } from './http-connection.js';

export interface Target {
  /** Without a source address. */
  readonly http: HttpTarget;
  readonly paths: {
    readonly websocket: string;
    readonly httpStream: string;
    readonly sse: string;
    readonly longPolling: string;
    readonly emulation: string;
  };
}

/** @throws ClientError `ERR_URL` */
export function targetOf(url: string): Target {
  const endpoints = endpointsOf(url, undefined);
  const pathOf = (address: string) => {
    const { pathname, search } = new URL(address);
    return pathname + search;
  };
  return {
    http: httpTargetOf(endpoints.websocket),
    paths: {
      websocket: pathOf(endpoints.websocket),
      httpStream: pathOf(endpoints.http_stream),
      sse: pathOf(endpoints.sse),
      longPolling: pathOf(endpoints.long_polling),
      emulation: pathOf(endpoints.emulation),
    },
  };
}

export function httpTargetOf(address: string): HttpTarget {
  const { hostname, host, port, protocol } = new URL(address);
  const isSecure = protocol === 'wss:' || protocol === 'https:';
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    isSecure,
    hostHeader: host,
  };
}

export function withSource(target: HttpTarget, source: string | undefined): HttpTarget {
  return { ...target, ...defined({ source }) };
}
