/** A client's way over WebSocket: thousands fit into one process, since little is done for each frame. */

import { randomBytes } from 'node:crypto';
import type { HttpTarget } from './http-connection.js';
import type { Link, LinkListener } from './link.js';
import { RawSocket, type ReadBuffer } from './raw-socket.js';
import { FrameReader, frameOf, opcodes } from './websocket-frames.js';

const headEnd = Buffer.from('\r\n\r\n');
const normalClose = Buffer.from([0x03, 0xe8]);
/** RFC 6455, section 7.4.1: a close frame without a code. */
const noCode = 1005;

export class WebSocketLink implements Link {
  readonly #socket: RawSocket;
  readonly #listener: LinkListener;
  readonly #frames = new FrameReader((opcode, bytes, from, to) => this.#take(opcode, bytes, from, to));
  /** The beginning of the answer to the handshake; absent: it is over. */
  #head: Buffer | undefined = Buffer.alloc(0);
  #isOver = false;

  constructor(target: HttpTarget, path: string, buffer: ReadBuffer, listener: LinkListener) {
    this.#listener = listener;
    const key = randomBytes(16).toString('base64');
    this.#socket = new RawSocket(target, buffer, {
      onOpen: () =>
        this.#socket.write(
          `GET ${path} HTTP/1.1\r\nHost: ${target.hostHeader}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
        ),
      onBytes: (bytes) => this.#read(bytes),
      onEnd: (code) => this.#end(code),
    });
  }

  send(frame: string): void {
    this.#socket.write(frameOf(opcodes.text, Buffer.from(frame)));
  }

  hasSession(): void {
    // WebSocket is its own session.
  }

  readSlowly(bytesPerSec: number): void {
    this.#socket.readSlowly(bytesPerSec);
  }

  cut(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  close(): void {
    this.#isOver = true;
    this.#socket.write(frameOf(opcodes.close, normalClose));
    this.#socket.finish();
  }

  #read(bytes: Buffer): void {
    if (this.#head === undefined) {
      this.#frames.read(bytes);
      return;
    }
    const head = Buffer.concat([this.#head, bytes]);
    const end = head.indexOf(headEnd);
    this.#head = head;
    if (end < 0) return;
    const status = head.toString('latin1', 9, 12);
    if (status !== '101') {
      this.#end(status);
      return;
    }
    this.#head = undefined;
    this.#listener.onOpen();
    if (!this.#isOver && head.length > end + headEnd.length) this.#frames.read(head.subarray(end + headEnd.length));
  }

  #take(opcode: number, bytes: Buffer, from: number, to: number): void {
    if (this.#isOver) return;
    if (opcode === opcodes.text) this.#listener.onFrame(bytes, from, to);
    else if (opcode === opcodes.ping) this.#socket.write(frameOf(opcodes.pong, bytes.subarray(from, to)));
    else if (opcode === opcodes.close) this.#end(String(to - from >= 2 ? bytes.readUInt16BE(from) : noCode));
  }

  #end(code: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.destroy();
    this.#listener.onEnd(code);
  }
}
