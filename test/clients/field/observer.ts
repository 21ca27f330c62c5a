/** A plain server that does one thing on each path, and remembers what the client did. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { listening } from '../../support/servers/local-server.js';

/** Sizes around which clients have their limits. Each is tried, a little less, and one byte more. */
export const boundaries = [32, 64, 128, 256, 512, 1_024, 4_096, 10_240, 16_384, 32_768, 65_536, 102_400].map(
  (kib) => kib * 1_024,
);
const around = [-8, -1, 0, 1];
/** What is tried last: beyond all limits of WebSockets, and larger than any line ought to be. */
export const lastMessageBytes = 128 * 1_024 * 1_024;
export const lastLineBytes = 16 * 1_024 * 1_024 + 1;

/** A handshake, or another request. */
export interface Seen {
  readonly atMs: number;
  readonly headers: IncomingMessage['headers'];
  /** When the exchange was over. */
  endedAtMs?: number;
  pings: number[];
  pongs: number;
  /** Of the client's close frame. */
  closeCode?: number;
}

export class Observer implements AsyncDisposable {
  readonly #server = createServer((request, response) => this.#answer(request, response));
  /** Of its own: once somebody listens to upgrades, Node hands over plain requests that offer HTTP/2, too. */
  readonly #upgrading = createServer((request, response) => this.#answer(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #connections = new Set<Socket>();
  readonly #seen = new Map<string, Seen[]>();
  static async start(): Promise<Observer> {
    const observer = new Observer();
    observer.#upgrading.on('upgrade', (request, socket: Socket, head) => observer.#upgrade(request, socket, head));
    for (const server of [observer.#server, observer.#upgrading]) {
      server.on('connection', (socket) => {
        observer.#connections.add(socket);
        socket.on('close', () => observer.#connections.delete(socket)).on('error', () => undefined);
      });
      await listening(server);
    }
    return observer;
  }

  url(scheme: 'ws' | 'http', path: string): string {
    const server = scheme === 'ws' ? this.#upgrading : this.#server;
    // safe: it listens on a port
    return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  }

  seen(path: string): readonly Seen[] {
    return this.#seen.get(path) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = [this.#server, this.#upgrading].map((server) => {
      server.close();
      return once(server, 'close');
    });
    for (const socket of this.#connections) socket.destroy();
    await Promise.all(closed);
  }

  #see(request: IncomingMessage): Seen {
    const path = request.url ?? '/';
    const one: Seen = { atMs: performance.now(), headers: request.headers, pings: [], pongs: 0 };
    this.#seen.set(path, [...this.seen(path), one]);
    return one;
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const seen = this.#see(request);
    if (request.url === '/refused') {
      socket.end(
        'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfull\n',
      );
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (peer) => {
      peer.on('error', () => undefined);
      peer.on('ping', () => seen.pings.push(performance.now() - seen.atMs));
      peer.on('pong', () => seen.pongs++);
      peer.on('close', (code) => {
        seen.endedAtMs = performance.now();
        // 1006 is nobody's: it went without a close frame.
        if (code !== 1_006) seen.closeCode = code;
      });
      void this.#serve(request.url ?? '/', peer, socket);
    });
  }

  async #serve(path: string, peer: WebSocket, socket: Socket): Promise<void> {
    switch (path) {
      case '/sizes':
        for (const size of sizesUpTo(lastMessageBytes)) {
          if (peer.readyState !== peer.OPEN) return;
          const isSent = await new Promise((sent) => peer.send(Buffer.alloc(size, 'x'), { binary: false }, sent));
          if (isSent instanceof Error) return;
        }
        return;
      case '/close':
        peer.close(3501, 'go elsewhere');
        return;
      case '/close-bare':
        peer.close();
        return;
      case '/reset':
        await once(peer, 'message');
        socket.resetAndDestroy();
        return;
      case '/pings':
        for (const one of ['1', '2', '3']) peer.ping(one);
        return;
      default:
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const seen = this.#see(request);
    response.on('close', () => {
      seen.endedAtMs = performance.now();
    });
    const path = request.url ?? '/';
    const status = Number(/^\/(?:events|lines)\/(\d+)$/.exec(path)?.[1] ?? 200);
    if (path === '/page') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>page</title>');
      return;
    }
    if (path === '/favicon.ico') {
      response.writeHead(404).end();
      return;
    }
    if (status !== 200) {
      const body = status === 204 ? undefined : 'no\n';
      response.writeHead(status, { ...(status === 503 && { 'Retry-After': '2' }) }).end(body);
      return;
    }
    const isEvents = path.startsWith('/events');
    response.writeHead(200, { 'Content-Type': isEvents ? 'text/event-stream' : 'application/x-ndjson' });
    void this.#stream(path, response, isEvents);
  }

  async #stream(path: string, response: ServerResponse, isEvents: boolean): Promise<void> {
    switch (path) {
      case '/events/cut':
        if (this.seen(path).length > 1) response.write('data: back\n\n');
        else response.end('id: 7\nretry: 2000\nevent: start\ndata: {}\n\n');
        return;
      case '/events/sizes':
      case '/lines/sizes': {
        const closed = once(response, 'close');
        for (const size of sizesUpTo(lastLineBytes)) {
          if (response.destroyed) return;
          // The length of the line, its end not counted.
          const line = isEvents ? `data: ${'x'.repeat(size - 6)}\n\n` : `${'x'.repeat(size)}\n`;
          await Promise.race([new Promise((written) => response.write(line, written)), closed]);
        }
        return;
      }
      case '/events/comments':
        // Signs of life in the two forms that are in use, before an event and after it.
        response.write(
          ':\nid: 1\nevent: start\ndata: {}\n\n:\n:\n:\nid: 2\ndata: lone\n\n:\n\n:\n\nid: 3\ndata: blank\n\n',
        );
        return;
      default:
        response.write(isEvents ? 'id: 1\nevent: start\ndata: {}\n\n' : '{}\n');
    }
  }
}

function sizesUpTo(last: number): number[] {
  const tried = boundaries.flatMap((size) => around.map((more) => size + more));
  return [...tried.filter((size) => size < last), last];
}
