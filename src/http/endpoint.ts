/** What an HTTP endpoint is: data in, data out; the server does the sockets. */

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One path, matched as it is: nothing is decoded, joined or stripped. */
export interface HttpEndpoint {
  readonly method: 'GET';
  readonly path: string;
  respond(): HttpReply | Promise<HttpReply>;
}

/** Never cached: every answer is about now. */
export function jsonReply(status: number, value: unknown): HttpReply {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' },
    body: `${JSON.stringify(value)}\n`,
  };
}
