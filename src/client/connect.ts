/** The entry point of the client. */

import type { AnyApp } from './app-types.js';
import { Client } from './client.js';
import type { ConnectOptions } from './connect-options.js';

/**
 * Connects to a Fanfare server, reconnects and recovers. Without a type argument, channels and procedures have unknown
 * types.
 *
 * @param url `wss://example.com`, `https://example.com`, or relative to the page; without a path it is
 *   `/connection/websocket`
 * @throws ClientError `ERR_URL`, `ERR_NO_WEBSOCKET`
 * @example import type { App } from './server.js';
 *
 * const client = connect<App>('wss://example.com', { token });
 * const room = client.channel('chat:lobby');
 * for await (const { data } of room) show(data);
 */
export function connect<App extends AnyApp = AnyApp>(url: string | URL, options: ConnectOptions = {}): Client<App> {
  return new Client<App>(url, options);
}
