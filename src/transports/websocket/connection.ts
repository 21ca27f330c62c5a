/** One WebSocket as the engine's connection. */

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Connection, Encoding } from '../../engine/connection.js';
import type { Session } from '../../engine/session.js';
import type { Disconnect } from '../../model/codes.js';

/** The longest reason that fits a close frame (RFC 6455 section 5.5). */
const maxReasonBytes = 123;

/**
 * `ws` reads, answers control frames and does the closing handshake. Outgoing messages go past its sender straight to
 * the socket; both write whole frames, so they can share it as long as nothing is compressed.
 */
export class WebSocketConnection implements Connection {
  readonly transport = 'websocket';
  readonly encoding: Encoding;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;

  constructor(ws: WebSocket, socket: Duplex, encoding: Encoding) {
    this.#ws = ws;
    this.#socket = socket;
    this.encoding = encoding;
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#socket.write(bytes);
  }

  /** `ws` ends the socket when the peer does not answer within the transport's close time-out. */
  close(disconnect: Disconnect): void {
    this.#ws.close(disconnect.code, shortened(disconnect.reason));
  }

  /** Connects the events of the socket to the session. */
  bind(session: Session): void {
    const ws = this.#ws;
    ws.on('message', (data: Buffer, isBinary: boolean) => session.receive(isBinary ? data : data.toString()));
    ws.on('ping', () => session.receiveControl());
    ws.on('pong', () => session.receiveControl());
    ws.on('close', () => session.connectionClosed());
    // The peer broke the protocol or the network failed: `ws` closes with the right code, and 'close' follows.
    ws.on('error', (error) => session.connectionFailed(error));
  }
}

function shortened(reason: string): string {
  if (Buffer.byteLength(reason) <= maxReasonBytes) return reason;
  // A cut through a character leaves U+FFFD, three bytes; room is made for it.
  return Buffer.from(reason)
    .subarray(0, maxReasonBytes - 3)
    .toString();
}
