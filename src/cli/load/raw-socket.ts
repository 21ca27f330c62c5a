/**
 * A TCP or TLS connection that reads into one buffer for all connections of a process, so that ten thousand of them need
 * no memory while they are silent, and that can be made to read slowly.
 */

import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';

const readBufferBytes = 256 * 1_024;

export interface SocketTarget {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Source address; absent: the system's choice. */
  readonly source?: string;
}

/** Called in order; `onEnd` once, and nothing after it. */
export interface SocketListener {
  onOpen(): void;
  /** @param bytes valid only during the call */
  onBytes(bytes: Buffer): void;
  /** @param code of the system's error; `closed` if there was none */
  onEnd(code: string): void;
}

/** One per process: each read is taken completely before the next one begins. */
export class ReadBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(readBufferBytes);
}

export class RawSocket {
  readonly #socket: Socket;
  readonly #listener: SocketListener;
  #isEnded = false;
  #bytesPerSec = Number.POSITIVE_INFINITY;
  #rest: NodeJS.Timeout | undefined;

  constructor(target: SocketTarget, buffer: ReadBuffer, listener: SocketListener) {
    this.#listener = listener;
    this.#socket = target.isSecure ? this.#openTls(target) : this.#openTcp(target, buffer);
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.name));
    this.#socket.on('close', () => this.#end('closed'));
  }

  write(data: string | Buffer): void {
    this.#socket.write(data, 'utf8');
  }

  /** From now on at most this much is read in a second. */
  readSlowly(bytesPerSec: number): void {
    this.#bytesPerSec = bytesPerSec;
  }

  /** Resets the connection, so that no port is left in TIME_WAIT; one over TLS ends. `onEnd` is not called. */
  destroy(): void {
    this.#isEnded = true;
    clearTimeout(this.#rest);
    // Node resets no connection over TLS: it throws (ERR_INVALID_HANDLE_TYPE).
    if (this.#socket instanceof TLSSocket) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /** Ends the connection after what has been written. `onEnd` is not called. */
  finish(): void {
    this.#isEnded = true;
    clearTimeout(this.#rest);
    this.#socket.destroySoon();
  }

  #openTcp({ host, port, source }: SocketTarget, buffer: ReadBuffer): Socket {
    const socket = connectTcp({
      host,
      port,
      noDelay: true,
      ...(source !== undefined && { localAddress: source }),
      onread: {
        buffer: buffer.bytes,
        callback: (length) => {
          this.#take(buffer.bytes.subarray(0, length));
          return !this.#isEnded;
        },
      },
    });
    socket.once('connect', () => this.#listener.onOpen());
    return socket;
  }

  /** TLS decrypts into buffers of its own. */
  #openTls({ host, port, source }: SocketTarget): Socket {
    const socket = connectTls({
      host,
      port,
      // An address is no server name (RFC 6066, section 3).
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: ['http/1.1'],
      ...(source !== undefined && { localAddress: source }),
    });
    socket.setNoDelay(true);
    socket.once('secureConnect', () => this.#listener.onOpen());
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    return socket;
  }

  #take(bytes: Buffer): void {
    if (this.#isEnded) return;
    this.#listener.onBytes(bytes);
    if (this.#isEnded || this.#bytesPerSec === Number.POSITIVE_INFINITY) return;
    this.#socket.pause();
    this.#rest = setTimeout(() => this.#socket.resume(), (1e3 * bytes.length) / this.#bytesPerSec);
  }

  #end(code: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#rest);
    this.#socket.destroy();
    this.#listener.onEnd(code);
  }
}
