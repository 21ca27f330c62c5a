/** Calls of the HTTP API through raw sockets, and what every answer of it has in common. */

import { expect } from 'vitest';
import { exchange, type RawResponse } from '../clients/raw-http.js';
import { canary, Oracle } from './oracle.js';

/** Both are in force, as in the middle of a rotation. The canary tells on a log that has one. */
export const apiKeys = [`${canary}-0123456789abcdef-new`, `${canary}-0123456789abcdef-old`] as const;

export type RawHeaders = Readonly<Record<string, string | undefined>>;

export interface RawCall {
  /** In place of those of a good call; `undefined` leaves one out. */
  readonly headers?: RawHeaders;
  readonly method?: string;
}

/** The head of a request with a key. */
export function requestHead(path: string, headers: RawHeaders, contentLength: number, method = 'POST'): string {
  const all: RawHeaders = {
    Host: '127.0.0.1',
    'X-API-Key': apiKeys[0],
    'Content-Type': 'application/json',
    'Content-Length': String(contentLength),
    Connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** The code of the error in a response, `undefined` for a result. */
export function codeOf({ body }: RawResponse): unknown {
  return JSON.parse(body).error?.code;
}

/** A server with the API, and the oracle that watches over it. */
export class ApiOracle extends Oracle {
  /** One request, and the one response to it. */
  async call(path: string, body: string | Uint8Array, { headers = {}, method }: RawCall = {}): Promise<RawResponse> {
    const head = requestHead(path, headers, Buffer.byteLength(body), method);
    const { responses } = await exchange(this.port, Buffer.concat([Buffer.from(head), Buffer.from(body)]));
    expect(responses).toHaveLength(1);
    const [response] = responses;
    if (response === undefined) throw new Error('no response');
    // B95, on every answer whatever it says.
    expect(response.headers.get('cache-control')).toBe('no-store');
    return response;
  }

  /** A call that is answered with this status. */
  async expectStatus(status: number, ...args: Parameters<ApiOracle['call']>): Promise<RawResponse> {
    const response = await this.call(...args);
    expect(response.status, response.body.slice(0, 200)).toBe(status);
    return response;
  }
}
