/** What an HTTP endpoint is: data in, data out; the server does the sockets. */

import type { IncomingHttpHeaders } from 'node:http';

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One request, as far as endpoints have to know it. */
export interface HttpRequest {
  /** The address of the client, as far as it is known. For the log. */
  readonly peer: string;
  /** By lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** As it was sent, without the query. */
  readonly path: string;
  /** What stands behind the `?`, as it was sent; empty without one. */
  readonly query: string;
  /**
   * The body, or `undefined` when it is larger than that. Rejects with `BodyAborted` when the connection ends before it
   * is there: nobody waits for an answer then.
   */
  readBody(maxBytes: number): Promise<Uint8Array | undefined>;
}

/** One path, matched as it is: nothing is decoded, joined or stripped. */
export interface HttpEndpoint {
  /** `GET` answers `HEAD` too. */
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** For every path that begins with `path` and is no other endpoint's; other methods than its own are not found there. */
  readonly isPrefix?: boolean;
  respond(request: HttpRequest): HttpReply | Promise<HttpReply>;
}

/** JSON that is text already; never cached: every answer is about now. */
export function jsonTextReply(status: number, text: string, headers?: Readonly<Record<string, string>>): HttpReply {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', ...headers },
    body: `${text}\n`,
  };
}

export function jsonReply(status: number, value: unknown): HttpReply {
  return jsonTextReply(status, JSON.stringify(value));
}
