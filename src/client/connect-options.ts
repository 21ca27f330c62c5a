/** What an application tells `connect()`. */

/** A `WebSocket` class: the browser's, or that of `ws`. */
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => unknown;

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
  /** Connect when first used and not before. Default: `false`, connect at once. */
  readonly lazy?: boolean;
  /** Shortest pause before a reconnect or before asking for a channel again, in milliseconds. Default: 500. */
  readonly minReconnectDelayMs?: number;
  /** The longest such pause, in milliseconds. Default: 20,000. */
  readonly maxReconnectDelayMs?: number;
  /** How long an answer may take, in milliseconds, the wait for a connection included. Default: 5,000. */
  readonly timeoutMs?: number;
}
