/** The head of a request, as far as it decides anything. Those of `node:http` and `node:http2` are ones; so can the event of a function be. */

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
  /** Names and values by turns, as they came: a `Host` that comes twice shows here alone. */
  readonly rawHeaders: readonly string[];
  readonly socket: SocketEnds;
}
