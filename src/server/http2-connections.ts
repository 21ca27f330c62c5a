/** The HTTP/2 connections of a server: none stays silent, idle or half-done for long. */

import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Cancel, Clock } from '../engine/clock.js';

export interface Http2Bounds {
  /** For a connection without any request so far. */
  readonly silentMs: number;
  /** Between two requests. */
  readonly idleMs: number;
  /** By when a request has to be there as a whole. */
  readonly requestTimeoutMs: number;
}

/** For the peer to take what was sent before the connection is closed. */
const closeTimeoutMs = 4_500;

interface Entry {
  openStreams: number;
  cancel: Cancel | undefined;
}

export class Http2Connections {
  readonly #clock: Clock;
  readonly #bounds: Http2Bounds;
  readonly #entries = new Map<ServerHttp2Session, Entry>();

  constructor(clock: Clock, bounds: Http2Bounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(connection: ServerHttp2Session): void {
    const entry: Entry = { openStreams: 0, cancel: undefined };
    this.#entries.set(connection, entry);
    this.#closeIn(this.#bounds.silentMs, connection, entry);
    connection.on('stream', (stream) => {
      entry.cancel?.();
      entry.openStreams++;
      stream.once('close', () => {
        if (--entry.openStreams === 0) this.#closeIn(this.#bounds.idleMs, connection, entry);
      });
      if (!stream.endAfterHeaders) this.#awaitBody(stream);
    });
    connection.once('close', () => {
      entry.cancel?.();
      this.#entries.delete(connection);
    });
  }

  /** RFC 9113 section 6.8: open requests are answered, further ones take another connection. */
  drain(): void {
    for (const connection of this.#entries.keys()) connection.close();
  }

  cut(): void {
    for (const connection of this.#entries.keys()) connection.destroy();
  }

  #closeIn(delayMs: number, connection: ServerHttp2Session, entry: Entry): void {
    if (connection.destroyed) return;
    entry.cancel = this.#clock.schedule(() => {
      connection.close();
      entry.cancel = this.#clock.schedule(() => connection.destroy(), closeTimeoutMs);
    }, delayMs);
  }

  /** As `requestTimeout` does it for HTTP/1.1. */
  #awaitBody(stream: ServerHttp2Stream): void {
    const cancel = this.#clock.schedule(() => {
      if (stream.readableEnded || stream.destroyed) return;
      if (stream.headersSent) stream.close(constants.NGHTTP2_CANCEL);
      else stream.respond({ ':status': 408 }, { endStream: true });
    }, this.#bounds.requestTimeoutMs);
    stream.once('close', cancel);
  }
}
