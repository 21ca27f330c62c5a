/** What stands in front of an API and its page, so that both have one address: a page's files, and sockets passed on. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { chatFiles } from './chat-page.js';

export class Distribution implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @param port of the API's sockets */
  static async start(port: number): Promise<Distribution> {
    const server = createServer(chatFiles);
    const distribution = new Distribution(server);
    // safe: the server listens on TCP
    server.on('upgrade', (request, socket, head) => distribution.#pass(port, request, socket as Socket, head));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return distribution;
  }

  get url(): string {
    // safe: it listens on a port
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends all connections to the API. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #pass(port: number, { method, rawHeaders }: IncomingMessage, client: Socket, head: Buffer): void {
    const api = connect(port, '127.0.0.1');
    const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []));
    api.write(`${method} / HTTP/1.1\r\n${pairs.join('\r\n')}\r\n\r\n`);
    api.write(head);
    client.pipe(api).pipe(client);
    for (const [socket, other] of [
      [client, api],
      [api, client],
    ] as const) {
      this.#sockets.add(socket);
      // Whoever ends it, both sides are told.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
