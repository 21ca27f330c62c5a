/** The options of `connect()`. */

import type { Codec } from './codec.js';
import type { DictionaryOption } from './dictionary-option.js';
import type { EndpointPaths } from './endpoint-url.js';
import type { TransportStore } from './transport-memory.js';
import type { TransportName } from './transport-name.js';

/** A `WebSocket` class: the browser's, or that of `ws`. */
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => unknown;

/** An `EventSource` class: the browser's, or that of the package `eventsource`. */
export type EventSourceConstructor = new (url: string, options?: never) => unknown;

/** How {@link connect} reaches a server, and who the client is. */
export interface ConnectOptions {
  /**
   * The connection token, or a function for one, which is called before the first connection and whenever the server
   * needs a newer token. If it resolves to `null` the user is not signed in any more, and the client stays
   * disconnected. If it rejects it is called again after the reconnect delay. Default: none, an anonymous connection.
   */
  readonly token?: string | (() => Promise<string | null>);
  /**
   * Gets the subscription token of a channel, or returns `undefined` for a channel that does not need one. It is called
   * again when the token expires. Default: no channel needs one.
   */
  readonly tokenFor?: (channel: string) => Promise<string> | undefined;
  /** Sent with the connect command, for the server's auth function. A function is called on each connect. */
  readonly data?: unknown;
  /**
   * How messages are written. Default: JSON. `protobuf` of `fanfare/client/protobuf` makes them shorter over WebSocket and
   * HTTP streaming; the other transports go on in JSON.
   */
  readonly codec?: Codec;
  /**
   * Lets the server compress its messages with a dictionary, over WebSocket: `dictionary()` of `fanfare/client/dictionary`.
   * Default: it does not.
   */
  readonly dictionary?: DictionaryOption;
  /** Default: the global `WebSocket`. Node before 22 has none: use that of the package `ws`. */
  readonly websocket?: WebSocketConstructor;
  /**
   * Transports, the best first: if one does not work the next is tried, and WebSocket again when it works. Those that
   * this runtime does not have are left out. Default: `websocket`, `http_stream`, `long_polling`. `sse` puts tokens
   * into URLs, and is off by default on servers.
   */
  readonly transports?: readonly TransportName[];
  /** Paths of the transports other than WebSocket, if the server does not have the default ones. */
  readonly endpoints?: EndpointPaths;
  /** For `sse`. Default: the global `EventSource`. Node has none: use that of the package `eventsource`. */
  readonly eventsource?: EventSourceConstructor;
  /**
   * Remembers for the next page which transport worked instead of WebSocket, ten minutes at first. Default:
   * `localStorage`, if there is one. `null`: nothing is remembered.
   */
  readonly transportStore?: TransportStore | null;
  /**
   * Pause before the client tests whether WebSocket works again, in milliseconds; it doubles, up to twenty times.
   * Default: 30,000. 0: it does not test.
   */
  readonly probeIntervalMs?: number;
  /**
   * How long a connection has to live to show that its transport works, in milliseconds. After two in a row that break
   * sooner, the next transport is tried. A probe takes as long. Default: 10,000.
   */
  readonly steadyAfterMs?: number;
  /** Connect on first use. Default: `false`, connect at once. */
  readonly lazy?: boolean;
  /** Shortest pause before a reconnect or another subscribe, in milliseconds. Default: 500. */
  readonly minReconnectDelayMs?: number;
  /** The longest such pause, in milliseconds. Default: 20,000. */
  readonly maxReconnectDelayMs?: number;
  /** How long an answer may take, in milliseconds, including the wait for a connection. Default: 5,000. */
  readonly timeoutMs?: number;
}
