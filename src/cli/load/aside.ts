/** Connections for the short requests of many clients of the HTTP transports, which share them, as tabs of a browser do. */

import { HttpConnection, type HttpTarget } from './http-connection.js';
import type { ReadBuffer } from './raw-socket.js';

/** The status of an answer, or the system's code of an error. */
export type OnAnswer = (outcome: string, body: Buffer | undefined) => void;

const nothing = (): void => undefined;

class AsideConnection {
  #http: HttpConnection | undefined;
  /** Who waits for an answer, in the order of the requests. */
  #waiting: OnAnswer[] = [];

  constructor(
    private readonly target: HttpTarget,
    private readonly buffer: ReadBuffer,
  ) {}

  post(path: string, body: string, headers: string, onAnswer: OnAnswer): void {
    this.#http ??= this.#open();
    this.#waiting.push(onAnswer);
    // The socket keeps what is written before it is connected.
    this.#http.post(path, body, headers);
  }

  close(): void {
    this.#http?.finish();
    this.#http = undefined;
    this.#waiting = [];
  }

  #open(): HttpConnection {
    const lose = (code: string) => {
      const waiting = this.#waiting;
      this.#http = undefined;
      this.#waiting = [];
      for (const onAnswer of waiting) onAnswer(code, undefined);
    };
    return new HttpConnection(this.target, this.buffer, false, {
      onOpen: nothing,
      onResponse: (status, body) => this.#waiting.shift()?.(String(status), body),
      onPart: nothing,
      onStream: nothing,
      onInvalid: () => {
        this.#http?.destroy();
        lose('invalid');
      },
      onEnd: lose,
    });
  }
}

export class Aside {
  readonly #connections: readonly AsideConnection[];

  constructor(count: number, target: HttpTarget, buffer: ReadBuffer) {
    this.#connections = Array.from({ length: count }, () => new AsideConnection(target, buffer));
  }

  /** @param key requests with the same one are sent over the same connection, in order */
  post(key: number, path: string, body: string, onAnswer: OnAnswer, headers = ''): void {
    this.#connections[key % this.#connections.length]?.post(path, body, headers, onAnswer);
  }

  /** What was asked for is still sent; nobody is told the answers. */
  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
