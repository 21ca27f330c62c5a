/** Makes clients for the server that an address leads to. */

import type { Address } from './address.js';
import type { Client, Library } from './client-library.js';

/** Gives clients that are not connected yet and leave reconnecting to their {@link Link}. */
export function dialer(address: Address, load: () => Promise<Library>, timeoutMs: number): () => Promise<Client> {
  return async () => {
    const { createClient } = await load();
    const [{ host, port }] = address.endpoints;
    const { username, password, database, tls } = address;
    return createClient({
      socket: { host, port, connectTimeout: timeoutMs, reconnectStrategy: false, ...(tls && { tls }) },
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      database,
      disableOfflineQueue: true,
    });
  };
}
