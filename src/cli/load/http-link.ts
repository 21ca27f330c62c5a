/** What clients' ways over HTTP have in common: one connection for what the server sends, which ends once. */

import type { Aside } from './aside.js';
import { HttpConnection, type HttpListener, type HttpTarget } from './http-connection.js';
import type { Link, LinkListener } from './link.js';
import type { ReadBuffer } from './raw-socket.js';
import type { Target } from './target.js';

export interface HttpLinkPorts {
  readonly target: HttpTarget;
  readonly paths: Target['paths'];
  readonly buffer: ReadBuffer;
  /** For the client's own requests. */
  readonly aside: Aside;
  /** Of the client: its requests use the same connection. */
  readonly index: number;
}

export abstract class HttpLink implements Link {
  protected readonly http: HttpConnection;
  protected isOver = false;

  /** @param isStream whether the answer is one that does not end */
  constructor(
    protected readonly ports: HttpLinkPorts,
    isStream: boolean,
    protected readonly listener: LinkListener,
    on: Omit<HttpListener, 'onInvalid' | 'onEnd'>,
  ) {
    this.http = new HttpConnection(ports.target, ports.buffer, isStream, {
      ...on,
      onInvalid: () => this.end('invalid'),
      onEnd: (code) => this.end(code),
    });
  }

  abstract send(frame: string): void;
  abstract hasSession(session: string, node: string): void;

  readSlowly(bytesPerSec: number): void {
    this.http.readSlowly(bytesPerSec);
  }

  cut(): void {
    this.isOver = true;
    this.http.destroy();
  }

  close(): void {
    this.cut();
  }

  protected end(code: string): void {
    if (this.isOver) return;
    this.cut();
    this.listener.onEnd(code);
  }
}
