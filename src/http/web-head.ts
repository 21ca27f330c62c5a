/** The head of a `Request`, as those of `node:http` are. */

import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHead } from './request-head.js';

/** What is read of a `Request`, of which some libraries have a part. */
export interface WebRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
}

/**
 * @param remoteAddress of the peer; empty: unknown
 * @throws TypeError if the URL is none
 */
export function webHead({ url, method, headers: given }: WebRequest, remoteAddress: string): RequestHead {
  const { pathname, search, host } = new URL(url);
  // Some platforms have the host in the URL alone.
  const headers: IncomingHttpHeaders = { host, ...Object.fromEntries(given) };
  return {
    method,
    url: pathname + search,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    headers,
    rawHeaders: Object.entries(headers).flatMap(([name, value]) => [name, String(value)]),
    socket: { remoteAddress },
  };
}
