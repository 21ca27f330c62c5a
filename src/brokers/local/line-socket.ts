/** Messages over a local socket, one JSON text a line; those of one turn of the event loop leave in one write. */

import type { Socket } from 'node:net';

/** What may wait for a peer that does not read; beyond, it is cut off. */
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
   * @param onMessage called with each message, in their order
   * @param onClose called once, when nothing comes any more; with the reason when the peer was cut off for what it sent
   */
  constructor(socket: Socket, onMessage: (message: unknown) => void, onClose: (reason?: Error) => void) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      for (const line of this.#lines(chunk)) {
        const message = parsed(line);
        // Whoever it is, it is no process of this program.
        if (message instanceof Error) {
          this.#reason = message;
          socket.destroy();
          return;
        }
        onMessage(message);
      }
    });
    // What goes wrong with a local socket ends it; `close` follows.
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

  /** What was sent before still leaves. */
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
    // Told below, without what it was: it may be anything.
  }
  return new Error('not a message of this program');
}
