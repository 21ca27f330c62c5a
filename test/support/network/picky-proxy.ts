/** An HTTP proxy that does to WebSocket what bad ones do: refuses upgrades, accepts them and is silent, cuts them. */

import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { LocalServer } from '../servers/local-server.js';

/** What becomes of upgrades. `silent`: they are accepted, and nothing passes. A number: cut after so many milliseconds. */
export type UpgradeFate = 'passes' | 'refused' | 'silent' | number;

export class PickyProxy extends LocalServer {
  /** For upgrades to come. */
  upgrades: UpgradeFate = 'passes';
  /** Paths whose plain requests are answered with 403. */
  readonly forbidden = new Set<string>();
  /** Upgrades that were asked for. */
  numUpgrades = 0;
  protected readonly server = createServer((request, response) => this.#pass(request, response));
  readonly #sockets = new Set<Duplex>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #silent = new WebSocketServer({ noServer: true, handleProtocols: ([first = '']) => first });

  private constructor(private readonly targetPort: number) {
    super();
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.server.on('connection', (socket) => this.#keep(socket));
  }

  /** @param port default: a free one */
  static start(targetPort: number, port?: number): Promise<PickyProxy> {
    return new PickyProxy(targetPort).listen(port);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    await super[Symbol.asyncDispose]();
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    // What peers do to their connections is their business here: 'close' follows.
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '/', headers } = request;
    if (this.forbidden.has(url.split('?')[0] ?? '')) {
      response.writeHead(403).end();
      return;
    }
    const upstream = ask({ port: this.targetPort, host: '127.0.0.1', method, path: url, headers });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      // Cut off by the server.
      answer.on('error', () => response.destroy());
    });
    upstream.on('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    request.pipe(upstream);
    response.on('close', () => upstream.destroy());
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const fate = this.upgrades;
    this.numUpgrades++;
    if (fate === 'refused') {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    if (fate === 'silent') {
      this.#silent.handleUpgrade(request, socket, head, () => undefined);
      return;
    }
    const upstream = connect(this.targetPort, '127.0.0.1');
    this.#keep(upstream);
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let n = 0; n < request.rawHeaders.length; n += 2)
      lines.push(`${request.rawHeaders[n]}: ${request.rawHeaders[n + 1]}`);
    upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    this.#join(upstream, socket);
    if (fate !== 'passes') this.#cutAfter(fate, [upstream, socket]);
  }

  #join(one: Socket, other: Duplex): void {
    one.pipe(other);
    other.pipe(one);
    one.once('close', () => other.destroy());
    other.once('close', () => one.destroy());
  }

  #cutAfter(delayMs: number, sockets: readonly Duplex[]): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      for (const socket of sockets) socket.destroy();
    }, delayMs);
    this.#timers.add(timer);
  }
}
