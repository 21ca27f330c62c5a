/** The head of a request. Those of `node:http` and `node:http2` have this form; a function's event can get it. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** The two ends of a connection, as `node:net` names them. */
export type SocketEnds = Partial<Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>>;

export interface RequestHead {
  readonly method?: string | undefined;
  /** The target as it was sent. */
  readonly url?: string | undefined;
  readonly httpVersion: string;
  readonly httpVersionMajor: number;
  /** By lower-case name; repeated ones are lists (RFC 9110, 5.3). */
  readonly headers: IncomingHttpHeaders;
  /** Names and values alternating, as received: only this shows a duplicate `Host`. */
  readonly rawHeaders: readonly string[];
  readonly socket: SocketEnds;
}
