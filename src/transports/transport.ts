/** A transport for an HTTP server: paths, handlers of their requests, and what the node gives it. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { Clock, Random } from '../engine/ports/clock.js';
import type { Connection, Handshake } from '../engine/ports/connection.js';
import type { Counters } from '../engine/ports/counters.js';
import type { EngineLimits } from '../engine/ports/limits.js';
import type { Logger } from '../engine/ports/logger.js';
import type { Session } from '../engine/sessions/session.js';
import type { Deadlines } from '../engine/time/deadlines.js';
import type { HttpExchange } from '../http/exchange.js';

/** What transports get from their node. */
export interface TransportPorts {
  /** Id of the node. */
  readonly id: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly counters: Counters;
  readonly refusals: Pick<RefusalLog, 'tell'>;
  /** The values may change while clients are connected. */
  readonly limits: EngineLimits;
  readonly deadlines: Deadlines;
  /** Makes the engine's session for a new connection. It is closed at once if the node admits no more connections. */
  open(connection: Connection, handshake: Handshake): Session;
}

/** How clients are served that come through one listener. */
export interface ListenerTerms {
  /** The shortest message that is compressed. Absent: nothing is compressed. */
  readonly deflateMinBytes?: number;
  /** Compress with a dictionary for clients that ask for one. Default: `false`. */
  readonly dictionary?: boolean;
  /** After this time something else ends a connection. Absent: nothing does. */
  readonly maxConnectionMs?: number;
}

/** One path, compared literally: nothing is decoded, joined or stripped. */
export interface ClientEndpoint {
  readonly path: string;
  /** Plain requests for everything below the path, too, that has no endpoint of its own. Default: `false`. */
  readonly isPrefix?: boolean;
  /** Answers a plain request of any method. Absent: plain requests are left to other listeners. Never throws. */
  handle?(exchange: HttpExchange): void;
  /** Handles an upgrade. Absent: upgrades are refused. Never throws. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer, terms: ListenerTerms): void;
}

/** A way for clients to connect. */
export interface Transport {
  /** Fixed for the transport's life; no two transports of a server share a path. */
  readonly endpoints: readonly ClientEndpoint[];
  /**
   * Resolves when all clients of closed sessions have got the reason, or are given up. Absent: the reason is sent at
   * once.
   */
  settled?(): Promise<void>;
  /** Cuts all open connections. Their sessions have been closed before. */
  terminateAll(): void;
}
