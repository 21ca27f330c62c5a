/** WebSocket by hand over a TCP socket: frames of any shape out, messages and close codes in. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { opcodes, readFrames } from '../../../bench/client/websocket-frames.mjs';
import { closeOf, openSocket, parseResponses, upgradeRequest } from './raw-http.js';

/** One frame (RFC 6455 section 5.2). What is left out is as a well-behaved client has it. */
export interface FrameSpec {
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  readonly fin?: boolean;
  /** The three reserved bits: 4 is RSV1, 2 is RSV2, 1 is RSV3. */
  readonly rsv?: number;
  readonly masked?: boolean;
  /** The length field as it is sent, in place of the true one: 1, 3 or 9 bytes; the mask bit is added. */
  readonly lengthField?: Uint8Array;
}

const maskKey = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

export function encodeFrame({ opcode, payload = '', fin = true, rsv = 0, masked = true, lengthField }: FrameSpec) {
  const data = Buffer.from(payload);
  const length = Buffer.from(lengthField ?? lengthOf(data.length));
  if (masked) {
    length[0] = (length[0] ?? 0) | 0x80;
    for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) ^ (maskKey[i % 4] ?? 0);
  }
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  return Buffer.concat([Buffer.from([first]), length, masked ? maskKey : Buffer.alloc(0), data]);
}

function lengthOf(length: number): Buffer {
  if (length < 126) return Buffer.from([length]);
  const wide = Buffer.alloc(length < 65_536 ? 3 : 9);
  wide[0] = length < 65_536 ? 126 : 127;
  if (length < 65_536) wide.writeUInt16BE(length, 1);
  else wide.writeBigUInt64BE(BigInt(length), 1);
  return wide;
}

/** How a connection ended. */
export interface Closed {
  /** Of the server's close frame; `undefined` when there was none. */
  readonly code: number | undefined;
  readonly reason: string;
}

export interface RawWebSocketOptions {
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly path?: string;
  /** Answer the server's close frame. Default: `true`. */
  readonly answerClose?: boolean;
}

export class RawWebSocket {
  /** Text messages in the order of their arrival. */
  readonly messages: string[] = [];
  /** Payloads of the pongs, in the order of their arrival. */
  readonly pongs: string[] = [];
  /** Called with each message when set. */
  onMessage: ((message: string) => void) | undefined;
  /** Settles when the TCP connection is over. */
  readonly closed: Promise<Closed>;
  /** Settles when the server's close frame is there; never when it sends none. */
  readonly closing: Promise<Closed>;
  /** Headers of the 101 response. */
  readonly responseHeaders: ReadonlyMap<string, string>;
  readonly #socket: Socket;
  readonly #answerClose: boolean;
  #received: Buffer;
  #close: Closed = { code: undefined, reason: '' };
  #closeArrived: (closed: Closed) => void = () => undefined;

  private constructor(socket: Socket, headers: ReadonlyMap<string, string>, head: Buffer, answerClose: boolean) {
    this.#socket = socket;
    this.responseHeaders = headers;
    this.#received = head;
    this.#answerClose = answerClose;
    this.closing = new Promise((resolve) => {
      this.#closeArrived = resolve;
    });
    this.closed = closeOf(socket).then(() => this.#close);
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#parse();
    });
    this.#parse();
  }

  /** @throws Error unless the answer is 101 */
  static async open(port: number, options: RawWebSocketOptions = {}): Promise<RawWebSocket> {
    const socket = await openSocket(port);
    socket.write(upgradeRequest(port, options.headers, { ...(options.path && { path: options.path }) }));
    let received = Buffer.alloc(0);
    while (!received.includes('\r\n\r\n')) {
      // The close event would otherwise leave this waiting for ever.
      const [chunk] = await Promise.race([once(socket, 'data'), closeOf(socket).then(() => [])]);
      if (!Buffer.isBuffer(chunk)) throw new Error('closed before the handshake was answered');
      received = Buffer.concat([received, chunk]);
    }
    socket.pause();
    const headEnd = received.indexOf('\r\n\r\n') + 4;
    const [response] = parseResponses(received.subarray(0, headEnd).toString('latin1'));
    if (response?.status !== 101) {
      socket.destroy();
      throw new Error(`upgrade answered with ${response?.status}`);
    }
    const ws = new RawWebSocket(socket, response.headers, received.subarray(headEnd), options.answerClose ?? true);
    socket.resume();
    return ws;
  }

  /** Any bytes. */
  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Resolves when the kernel has taken them, or the connection is over. */
  async writeThrough(bytes: Uint8Array): Promise<void> {
    if (!this.#socket.writable) return;
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  sendFrame(frame: FrameSpec): void {
    this.write(encodeFrame(frame));
  }

  sendText(text: string): void {
    this.sendFrame({ opcode: opcodes.text, payload: text });
  }

  /** A proper close with 1000, as of a browser that leaves. */
  async close(): Promise<void> {
    this.sendFrame({ opcode: opcodes.close, payload: Buffer.from([0x03, 0xe8]) });
    await this.closed;
  }

  /** Stops reading, so that the kernel's buffers fill up. */
  pause(): void {
    this.#socket.pause();
  }

  /** Ends the connection with RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #parse(): void {
    const bytes = this.#received;
    const onFrame = (opcode: number, _: Buffer, from: number, to: number) =>
      this.#frame(opcode, bytes.subarray(from, to));
    this.#received = bytes.subarray(readFrames(bytes, 0, bytes.length, onFrame));
  }

  #frame(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.text) {
      const message = payload.toString();
      this.messages.push(message);
      this.onMessage?.(message);
    } else if (opcode === opcodes.pong) this.pongs.push(payload.toString());
    else if (opcode === opcodes.close) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : undefined;
      this.#close = { code, reason: payload.subarray(2).toString() };
      this.#closeArrived(this.#close);
      if (this.#answerClose) this.sendFrame({ opcode: opcodes.close, payload });
    }
  }
}
