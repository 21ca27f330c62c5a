/** What an application tells `connect()`. */

import type { EndpointPaths } from './endpoint-url.js';
import type { TransportStore } from './transport-memory.js';
import type { TransportName } from './transport-name.js';

/** A `WebSocket` class: the browser's, or that of `ws`. */
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => unknown;

/** An `EventSource` class: the browser's, or that of the package `eventsource`. */
export type EventSourceConstructor = new (url: string, options?: never) => unknown;

export interface ConnectOptions {
  /**
   * The connection token, or a function that gets one: it is called before the first connection and whenever the
   * server wants a newer one. When it resolves to `null` the user is not signed in any more and the client stays away.
   * When it rejects it is asked again after the reconnect delay. Default: none, an anonymous connection.
   */
  readonly token?: string | (() => Promise<string | null>);
  /**
   * Gets the subscription token of a channel; `undefined` instead of a promise for one that needs none. It is asked
   * again when the token expires. Default: no channel needs one.
   */
  readonly tokenFor?: (channel: string) => Promise<string> | undefined;
  /** Sent along with the connect command, for the server's auth function. A function is asked on each connect. */
  readonly data?: unknown;
  /** Default: the global `WebSocket`. Node before 22 has none: give it that of the package `ws`. */
  readonly websocket?: WebSocketConstructor;
  /**
   * What to connect by, the best first: when one does not work the next is tried, and WebSocket again when it passes.
   * Those that this runtime does not have are left out. Default: `websocket`, `http_stream`, `long_polling`. `sse` puts
   * tokens into URLs, and servers have it closed by default.
   */
  readonly transports?: readonly TransportName[];
  /** Where the server has the other transports than WebSocket, if it has them at paths of its own. */
  readonly endpoints?: EndpointPaths;
  /** For `sse`. Default: the global `EventSource`. Node has none: give it that of the package `eventsource`. */
  readonly eventsource?: EventSourceConstructor;
  /**
   * Remembers for the next page what worked below WebSocket, ten minutes at first. Default: `localStorage`, where there
   * is one. `null`: nothing is remembered.
   */
  readonly transportStore?: TransportStore | null;
  /**
   * Pause before the client finds out whether WebSocket passes meanwhile, in milliseconds; it doubles, up to twenty times
   * as much. Default: 30,000. 0: it does not.
   */
  readonly probeIntervalMs?: number;
  /**
   * How long a connection has to live to show that its transport works, in milliseconds. Two in a row that break sooner,
   * and the next transport is tried. A probe takes as long. Default: 10,000.
   */
  readonly steadyAfterMs?: number;
  /** Connect when first used and not before. Default: `false`, connect at once. */
  readonly lazy?: boolean;
  /** Shortest pause before a reconnect or before asking for a channel again, in milliseconds. Default: 500. */
  readonly minReconnectDelayMs?: number;
  /** The longest such pause, in milliseconds. Default: 20,000. */
  readonly maxReconnectDelayMs?: number;
  /** How long an answer may take, in milliseconds, the wait for a connection included. Default: 5,000. */
  readonly timeoutMs?: number;
}
