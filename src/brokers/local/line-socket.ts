/** Messages over a local socket, one JSON text per line; those of one turn share a write. */

import type { Socket } from 'node:net';

/** Queue limit for a peer that does not read; beyond it, the peer is disconnected. */
const maxQueuedBytes = 134_217_728;

/** Longer than any message may be. */
const maxLineLength = 67_108_864;

export class LineSocket {
  readonly #socket: Socket;
  #batch: string[] = [];
  #rest: string[] = [];
  #restLength = 0;
  #reason: Error | undefined;

  /**
   * @param onMessage called with each message, in order
   * @param onClose called once, when the socket is closed; with a reason if the peer sent something invalid
   */
  constructor(socket: Socket, onMessage: (message: unknown) => void, onClose: (reason?: Error) => void) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      for (const line of this.#lines(chunk)) {
        const message = parsed(line);
        // The peer does not run this program.
        if (message instanceof Error) {
          this.#reason = message;
          socket.destroy();
          return;
        }
        onMessage(message);
      }
    });
    // An error ends the socket; `close` follows.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => onClose(this.#reason));
  }

  get isOpen(): boolean {
    return this.#socket.writable;
  }

  send(message: object): void {
    if (this.#batch.length === 0) setImmediate(() => this.#flush());
    this.#batch.push(JSON.stringify(message));
  }

  /** Queued messages are still sent. */
  end(): void {
    this.#flush();
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    const text = `${this.#batch.join('\n')}\n`;
    this.#batch = [];
    if (!this.#socket.writable) return;
    this.#socket.write(text);
    if (this.#socket.writableLength > maxQueuedBytes) this.#socket.destroy();
  }

  #lines(chunk: string): string[] {
    const lines = chunk.split('\n');
    // safe: split gives at least one
    const last = lines.pop() as string;
    if (lines.length > 0) {
      lines[0] = this.#rest.join('') + lines[0];
      this.#rest = [];
      this.#restLength = 0;
    }
    this.#rest.push(last);
    this.#restLength += last.length;
    if (this.#restLength > maxLineLength) this.#socket.destroy();
    return lines;
  }
}

function parsed(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Reported below without the text, which may contain anything.
  }
  return new Error('not a message of this program');
}
