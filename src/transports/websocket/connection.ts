/** One WebSocket as the engine's connection. */

import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { limitReached } from '../../engine/channels/refusal-lines.js';
import type { Connection, Encoding } from '../../engine/ports/connection.js';
import type { Session } from '../../engine/sessions/session.js';
import type { Disconnect } from '../../model/codes.js';

/** RFC 6455 section 7.4.1. */
const messageTooBig = 1_009;
/** The longest reason that fits a close frame (RFC 6455 section 5.5). */
const maxReasonBytes = 123;

/**
 * The `WebSocket` of `ws`, which hears its own events. Listeners would cost an idle connection 300 bytes, for a table
 * of events in each socket that says the same in all of them.
 */
export class ClientSocket extends WebSocket {
  session: Session | undefined;
  onEnd: ((socket: ClientSocket) => void) | undefined;

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    switch (event) {
      case 'message': {
        // safe: `ws` emits a message as one buffer, as long as nobody sets `binaryType`, and whether it is binary
        const [data, isBinary] = args as [Buffer, boolean];
        this.session?.receive(isBinary ? data : data.toString());
        return true;
      }
      case 'ping':
      case 'pong':
        this.session?.receiveControl();
        return true;
      case 'close':
        this.onEnd?.(this);
        this.session?.connectionClosed();
        return true;
      case 'error':
        // The peer broke the protocol or the network failed: `ws` closes with the right code, and 'close' follows.
        // safe: `ws` emits its errors as such
        this.#failed(args[0] as NodeJS.ErrnoException);
        return true;
      default:
        return super.emit(event, ...args);
    }
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { session } = this;
    if (session !== undefined && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      session.explain(limitReached('maxFrameBytes', session.maxFrameBytes), messageTooBig);
    } else session?.connectionFailed(error);
  }
}

/**
 * `ws` reads, answers control frames and does the closing handshake. Outgoing messages go past its sender straight to
 * the socket; both write whole frames, so they can share it as long as nothing is compressed.
 */
export class WebSocketConnection implements Connection {
  readonly encoding: Encoding;
  readonly #ws: ClientSocket;
  readonly #socket: Duplex;

  constructor(ws: ClientSocket, socket: Duplex, encoding: Encoding) {
    this.#ws = ws;
    this.#socket = socket;
    this.encoding = encoding;
  }

  get transport(): string {
    return 'websocket';
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
}

function shortened(reason: string): string {
  if (Buffer.byteLength(reason) <= maxReasonBytes) return reason;
  // A cut through a character leaves U+FFFD, three bytes; room is made for it.
  return Buffer.from(reason)
    .subarray(0, maxReasonBytes - 3)
    .toString();
}
