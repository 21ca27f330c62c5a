/** A server of tests in this process, on a port of 127.0.0.1, which ends with all its connections. */

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/**
 * Below those that systems give to connections and to whoever listens on any port: thousands of these come and go meanwhile, and
 * one that is given up for a moment, as by a server that starts again, would be somebody else's. Above 10080, which `fetch` refuses.
 */
export type PortRange = readonly [first: number, afterLast: number];
const ofServers: PortRange = [10_100, 24_000];
/** For programs that have to be told one, and take it later. */
export const ofPrograms: PortRange = [24_000, 32_000];
const maxTries = 100;

/** Listens. @param port default: a free one of the range, which nobody else is given; @returns the port */
export async function listening(server: Server, port?: number, range = ofServers): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      await once(server.listen(port ?? randomInt(...range), '127.0.0.1'), 'listening');
      // safe: it listens on a port
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || port !== undefined || tries === maxTries) throw error;
    }
  }
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
