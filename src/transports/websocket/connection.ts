/** One WebSocket as the engine's connection. */

import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { limitReached } from '../../engine/channels/refusal-lines.js';
import type { Connection, Encoding } from '../../engine/ports/connection.js';
import type { Session } from '../../engine/sessions/session.js';
import type { Disconnect } from '../../model/codes.js';
import type { DictionaryOffer } from '../../model/dictionary.js';
import { closeReason } from './close-reason.js';
import type { DictionaryForm } from './dictionary.js';
import { ignoreRest } from './ignore-rest.js';
import { badDeflate, invalidData, undeflatable } from './undeflatable.js';

/** RFC 6455 section 7.4.1. */
const protocolError = 1_002;
const messageTooBig = 1_009;
/** Pongs of one connection that may wait to be written. */
const maxWaitingPongs = 16;

/**
 * The `WebSocket` of `ws`, with its own `emit` instead of listeners: their table, the same for every socket, would cost
 * an idle connection 300 bytes.
 */
export class ClientSocket extends WebSocket {
  session: Session | undefined;
  /** The underlying socket, once the handshake is done. */
  socket: Duplex | undefined;
  onEnd: ((socket: ClientSocket) => void) | undefined;
  /** Not answered yet, since too many pongs wait. */
  #newestPing: Buffer | undefined;
  #waitingPongs = 0;

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    switch (event) {
      case 'message':
      case 'ping':
      case 'pong':
        // safe: `ws` emits one buffer unless `binaryType` is set, and for a message whether it is binary
        this.#take(event, ...(args as [data: Buffer, isBinary: boolean]));
        return true;
      case 'close':
        this.onEnd?.(this);
        this.session?.connectionClosed();
        return true;
      case 'error':
        // The peer violated the protocol or the network failed: `ws` closes with the right code, and 'close' follows.
        // safe: `ws` emits errors of this type
        this.#failed(args[0] as NodeJS.ErrnoException);
        return true;
      default:
        return super.emit(event, ...args);
    }
  }

  protected onMessage(session: Session, data: Buffer, isBinary: boolean): void {
    session.receive(isBinary ? data : data.toString());
  }

  protected onPong(session: Session): void {
    session.receiveControl();
  }

  #take(event: 'message' | 'ping' | 'pong', data: Buffer, isBinary: boolean): void {
    const { session, socket } = this;
    if (session === undefined || socket === undefined) return;
    if (session.state === 'closed') ignoreRest(socket);
    else if (event === 'message') this.onMessage(session, data, isBinary);
    else if (event === 'pong') this.onPong(session);
    else {
      session.receiveControl();
      if (this.readyState === this.OPEN) this.#answer(data);
    }
  }

  /** Each ping gets its pong, before what is read behind it is answered; in a flood only the newest (RFC 6455 section 5.5.3). */
  #answer(ping: Buffer): void {
    if (this.#waitingPongs >= maxWaitingPongs) {
      this.#newestPing = ping;
      return;
    }
    this.#waitingPongs++;
    // A copy: the payload would retain everything that was read with it until the peer reads the pong.
    this.pong(Buffer.from(ping), false, () => this.#answered());
  }

  #answered(): void {
    this.#waitingPongs--;
    const ping = this.#newestPing;
    if (ping === undefined || this.readyState !== this.OPEN) return;
    this.#newestPing = undefined;
    this.#answer(ping);
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { session } = this;
    switch (error.code) {
      case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
        session?.explain(limitReached('maxFrameBytes', session.maxFrameBytes), messageTooBig);
        break;
      case 'WS_ERR_UNEXPECTED_RSV_1':
        session?.explain(badDeflate('a frame is marked as compressed that must not be'), protocolError);
        break;
      case undeflatable:
        session?.explain(badDeflate('a compressed message is no deflate'), invalidData);
        break;
      default:
        session?.connectionFailed(error);
    }
  }
}

/**
 * `ws` reads, answers control frames and does the closing handshake. Outgoing messages bypass its sender and are
 * written to the socket; both write whole frames, so they can share it: what is compressed is
 * compressed before.
 */
export class WebSocketConnection implements Connection {
  encoding: Encoding;
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
    this.#ws.close(disconnect.code, closeReason(disconnect.reason));
  }
}

/** One of a listener that has a dictionary. */
export class DictionaryConnection extends WebSocketConnection {
  readonly #formFor: (held: string) => DictionaryForm;
  #form: DictionaryForm | undefined;

  constructor(ws: ClientSocket, socket: Duplex, encoding: Encoding, formFor: (held: string) => DictionaryForm) {
    super(ws, socket, encoding);
    this.#formFor = formFor;
  }

  offerDictionary(held: string): DictionaryOffer {
    this.#form = this.#formFor(held);
    return this.#form.dictionary.offer(held);
  }

  beginDictionary(): void {
    if (this.#form !== undefined) this.encoding = this.#form.encoding;
  }
}
