/** Requests over one HTTP/1.1 connection, without waiting for the answers of earlier ones. */

import { HttpResponses, type ResponseListener } from './http-responses.js';
import { RawSocket, type ReadBuffer, type SocketTarget } from './raw-socket.js';

export interface HttpTarget extends SocketTarget {
  /** With the port, if it is not the usual one. */
  readonly hostHeader: string;
}

export interface HttpListener extends ResponseListener {
  onOpen(): void;
  /** @param code of the system's error; `closed` if there was none */
  onEnd(code: string): void;
}

export class HttpConnection {
  readonly #socket: RawSocket;
  readonly #host: string;

  constructor(target: HttpTarget, buffer: ReadBuffer, isStream: boolean, listener: HttpListener) {
    this.#host = target.hostHeader;
    const responses = new HttpResponses(isStream, listener);
    this.#socket = new RawSocket(target, buffer, {
      onOpen: () => listener.onOpen(),
      onBytes: (bytes) => responses.read(bytes),
      onEnd: (code) => listener.onEnd(code),
    });
  }

  get(path: string, accept: string): void {
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nAccept: ${accept}\r\n\r\n`);
  }

  post(path: string, body: string, headers = ''): void {
    const length = Buffer.byteLength(body);
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n${headers}Content-Length: ${length}\r\n\r\n${body}`,
    );
  }

  readSlowly(bytesPerSec: number): void {
    this.#socket.readSlowly(bytesPerSec);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends the connection after what was asked for has been sent. */
  finish(): void {
    this.#socket.finish();
  }
}
