/** An HTTP endpoint: data in, data out; the server handles sockets. */

import type { IncomingHttpHeaders } from 'node:http';

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** The parts of a request that endpoints need. */
export interface HttpRequest {
  /** The address of the client, if known. For the log. */
  readonly peer: string;
  /** By lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** As it was sent, without the query. */
  readonly path: string;
  /** The query after the `?`, as it was sent; empty without one. */
  readonly query: string;
  /**
   * The body, or `undefined` if it is larger than that. Rejects with `BodyAborted` if the connection ends before: then
   * nobody waits for an answer.
   */
  readBody(maxBytes: number): Promise<Uint8Array | undefined>;
  /**
   * The body as it comes, for as long as that takes. Throws `BodyAborted` when the sender leaves before its end. Absent:
   * bodies come whole.
   */
  chunks?(): AsyncIterable<Uint8Array>;
}

/** One path, matched as it is: nothing is decoded, joined or stripped. */
export interface HttpEndpoint {
  /** `GET` answers `HEAD` too. */
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** For every path that begins with `path` and has no other endpoint; other methods get 404. */
  readonly isPrefix?: boolean;
  respond(request: HttpRequest): HttpReply | Promise<HttpReply>;
}

/** JSON text; never cached, since every answer is about the current state. */
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
