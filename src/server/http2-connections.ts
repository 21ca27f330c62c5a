/** The HTTP/2 connections of a server, with limits on silence, idle time and incomplete requests. */

import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Cancel, Clock } from '../engine/ports/clock.js';
import { http2Errors } from '../http/http2.js';

interface Http2Bounds {
  /** For a connection without any request so far. */
  readonly silentMs: number;
  /** Between two requests. */
  readonly idleMs: number;
  /** For a request to arrive completely. */
  readonly requestTimeoutMs: number;
  /** Requests that may take longer. Default: none. */
  readonly longBodies?: { has(stream: object): boolean } | undefined;
}

/**
 * Frames that cause work and do nothing (PING, SETTINGS, cancelled requests) in a period. Node's own bound for the last
 * is a little higher; beyond it Node would leave the connection open without answering.
 */
const maxIdleFrames = 900;
const idleFramesPeriodMs = 10_000;

/** For the peer to read pending data before the connection is closed. */
const closeTimeoutMs = 4_500;

/** Called when a connection is ended because of a limit. */
type OnEnded = (connection: ServerHttp2Session, reason: string, numRequests: number) => void;

interface Entry {
  openStreams: number;
  numRequests: number;
  idleFrames: number;
  idleFramesSinceMs: number;
  cancel: Cancel | undefined;
}

export class Http2Connections {
  readonly #entries = new Map<ServerHttp2Session, Entry>();

  constructor(
    private readonly clock: Clock,
    private readonly bounds: Http2Bounds,
    private readonly onEnded: OnEnded,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  add(connection: ServerHttp2Session): void {
    const entry: Entry = {
      openStreams: 0,
      numRequests: 0,
      idleFrames: 0,
      idleFramesSinceMs: this.clock.nowMs(),
      cancel: undefined,
    };
    const onIdleFrame = () => this.#countIdleFrame(connection, entry);
    connection.on('ping', onIdleFrame).on('remoteSettings', onIdleFrame);
    // Node's own limit, which ends the connection.
    connection.on('error', (error: NodeJS.ErrnoException) => {
      this.onEnded(connection, error.code ?? error.message, entry.numRequests);
    });
    this.#entries.set(connection, entry);
    this.#closeIn(this.bounds.silentMs, connection, entry);
    connection.on('stream', (stream) => {
      entry.cancel?.();
      entry.openStreams++;
      entry.numRequests++;
      stream.once('close', () => {
        // A request that was answered before it was cancelled does not count as aborted.
        if (stream.aborted || stream.rstCode === http2Errors.cancel) onIdleFrame();
        if (--entry.openStreams === 0) this.#closeIn(this.bounds.idleMs, connection, entry);
      });
      if (!stream.endAfterHeaders) this.#awaitBody(stream);
    });
    connection.once('close', () => {
      entry.cancel?.();
      this.#entries.delete(connection);
    });
  }

  /** RFC 9113 section 6.8: open requests are answered, further ones use another connection. */
  drain(): void {
    for (const connection of this.#entries.keys()) connection.close();
  }

  cut(): void {
    for (const connection of this.#entries.keys()) connection.destroy();
  }

  #countIdleFrame(connection: ServerHttp2Session, entry: Entry): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - entry.idleFramesSinceMs >= idleFramesPeriodMs) {
      entry.idleFrames = 0;
      entry.idleFramesSinceMs = nowMs;
    }
    if (++entry.idleFrames <= maxIdleFrames || connection.destroyed) return;
    this.onEnded(connection, 'flood', entry.numRequests);
    connection.destroy(undefined, http2Errors.enhanceYourCalm);
  }

  #closeIn(delayMs: number, connection: ServerHttp2Session, entry: Entry): void {
    if (connection.destroyed) return;
    entry.cancel = this.clock.schedule(() => {
      connection.close();
      entry.cancel = this.clock.schedule(() => connection.destroy(), closeTimeoutMs);
    }, delayMs);
  }

  /** Like `requestTimeout` for HTTP/1.1. */
  #awaitBody(stream: ServerHttp2Stream): void {
    const cancel = this.clock.schedule(() => {
      if (stream.readableEnded || stream.destroyed || this.bounds.longBodies?.has(stream)) return;
      if (stream.headersSent) stream.close(http2Errors.cancel);
      else stream.respond({ ':status': 408 }, { endStream: true });
    }, this.bounds.requestTimeoutMs);
    stream.once('close', cancel);
  }
}
