/** Requests of `node:http` and `node:http2`. */

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { readBody } from './body.js';
import type { AnswerStream, HttpExchange } from './exchange.js';
import { isHttp2, leaveBody } from './http2.js';
import type { RequestHead } from './request-head.js';

export class NodeExchange implements HttpExchange {
  /** The request before it on the same connection, as long as that has the connection. */
  #ahead: NodeExchange | undefined;

  /** @param latest the latest request of each connection of HTTP/1, which becomes this one */
  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    latest: WeakMap<Socket, NodeExchange>,
    readonly endsInMs?: number | undefined,
  ) {
    if (isHttp2(request)) return;
    if (response.socket === null) {
      this.#ahead = latest.get(request.socket);
      response.once('socket', () => {
        this.#ahead = undefined;
      });
    }
    latest.set(request.socket, this);
  }

  get head(): RequestHead {
    return this.request;
  }

  get isOver(): boolean {
    return this.response.destroyed || this.request.socket.destroyed;
  }

  get isQueued(): boolean {
    if (this.response.socket !== null) return false;
    // Over TLS a client has its answer, and may ask again, before Node knows that it is written.
    const ahead = this.#ahead;
    return ahead === undefined || !ahead.response.writableEnded || ahead.isQueued;
  }

  get isAnswered(): boolean {
    return this.response.headersSent || this.response.destroyed;
  }

  get stream(): AnswerStream {
    return this.response;
  }

  readBody(maxBytes: number): Promise<Uint8Array | undefined> {
    return readBody(this.request, maxBytes);
  }

  onLeave(listener: () => void): void {
    this.response.once('close', () => {
      if (!this.response.writableEnded) listener();
    });
  }

  answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    const { request, response } = this;
    leaveBody(request, response);
    response.writeHead(status, headers);
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  begin(headers: OutgoingHttpHeaders): void {
    const { request, response } = this;
    if (isHttp2(request)) {
      response.writeHead(200, headers);
      return;
    }
    // The end of the connection is the end of the body: HAProxy, unless told otherwise, keeps each chunk for 200 ms to see
    // whether more comes, and passes on at once what has no chunks. Nor is there a chunk's head to write each time.
    response.removeHeader('Transfer-Encoding');
    response.writeHead(200, { ...headers, Connection: 'close' });
  }

  cut(): void {
    this.request.socket.destroy();
  }
}
