/** A server of tests in this process, on a port of 127.0.0.1, which ends with all its connections. */

import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Listens. @param port default: a free one; @returns the port */
export async function listening(server: Server, port = 0): Promise<number> {
  await once(server.listen(port, '127.0.0.1'), 'listening');
  // safe: it listens on a port
  return (server.address() as AddressInfo).port;
}

/** Resolves when all its connections are gone, which those of HTTP are made to be. Idempotent. */
export async function closed(server: Server & { closeAllConnections?(): void }): Promise<void> {
  server.closeAllConnections?.();
  if (!server.listening) return;
  // One of `node:http2` does not return itself.
  server.close();
  await once(server, 'close');
}

export abstract class LocalServer implements AsyncDisposable {
  protected abstract readonly server: Server;
  #port = 0;

  get port(): number {
    return this.#port;
  }

  /** Without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  protected async listen(port?: number): Promise<this> {
    this.#port = await listening(this.server, port);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closed(this.server);
  }
}
