/** A client's way over HTTP streaming or server-sent events: an endless answer, and requests beside it. */

import type { Aside } from './aside.js';
import { HttpConnection, type HttpTarget } from './http-connection.js';
import { Lines, type Link, type LinkListener } from './link.js';
import type { ReadBuffer } from './raw-socket.js';
import type { Target } from './target.js';

export interface StreamingPorts {
  readonly target: HttpTarget;
  readonly paths: Target['paths'];
  readonly buffer: ReadBuffer;
  readonly aside: Aside;
  /** Of the client: its requests use the same connection. */
  readonly index: number;
}

export class StreamingLink implements Link {
  readonly #http: HttpConnection;
  #session: { readonly session: string; readonly node: string } | undefined;
  #isOver = false;

  /** @param connect the first frame */
  constructor(
    kind: 'httpStream' | 'sse',
    connect: string,
    private readonly ports: StreamingPorts,
    private readonly listener: LinkListener,
  ) {
    const { target, paths, buffer } = ports;
    const lines = new Lines((bytes, from, to) => listener.onFrame(bytes, from, to));
    this.#http = new HttpConnection(target, buffer, true, {
      onOpen: () => {
        if (kind === 'httpStream') this.#http.post(paths.httpStream, connect);
        else
          this.#http.get(
            `${paths.sse}${mark(paths.sse)}cf_connect=${encodeURIComponent(connect)}`,
            'text/event-stream',
          );
      },
      onResponse: (status) => this.#end(String(status)),
      onPart: (part) => {
        if (!this.#isOver) lines.read(part);
      },
      onStream: (state) => {
        if (state === 'over') this.#end('cut');
      },
      onInvalid: () => this.#end('invalid'),
      onEnd: (code) => this.#end(code),
    });
  }

  send(frame: string): void {
    const { aside, index, paths } = this.ports;
    aside.post(index, paths.emulation, JSON.stringify({ ...this.#session, data: frame }), (outcome) => {
      if (outcome !== '204' && outcome !== '200') this.#end(outcome);
    });
  }

  hasSession(session: string, node: string): void {
    this.#session = { session, node };
  }

  readSlowly(bytesPerSec: number): void {
    this.#http.readSlowly(bytesPerSec);
  }

  cut(): void {
    this.#isOver = true;
    this.#http.destroy();
  }

  close(): void {
    this.cut();
  }

  #end(code: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#http.destroy();
    this.listener.onEnd(code);
  }
}

function mark(path: string): string {
  return path.includes('?') ? '&' : '?';
}
