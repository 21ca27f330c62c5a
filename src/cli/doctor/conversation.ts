/** A WebSocket with the server: the handshake as it was answered, then commands and their replies. */

import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { type Fields, isFields } from '../../model/fields.js';
import { answererOf, causeOf, isOfFanfare } from './request.js';
import { connectOptions, type Target } from './target.js';

/** What came instead of 101. */
export interface Refused {
  /** 0: no answer, or none of HTTP. */
  readonly status: number;
  readonly text: string;
  readonly isOfFanfare: boolean;
  /** Who has answered, for a sentence. */
  readonly answerer: string;
  readonly location: string | undefined;
}

/** The reply to a command, or why there is none. */
export type Reply =
  | { readonly kind: 'reply'; readonly fields: Fields }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  | { readonly kind: 'silence' };

const maxTextLength = 2_000;

export class Conversation {
  readonly #socket: WebSocket;
  readonly #timeoutMs: number;
  readonly #replies = new Map<number, (reply: Reply) => void>();
  readonly #listeners = new Set<(message: Fields | undefined) => void>();
  #closed: { readonly code: number; readonly reason: string } | undefined;
  #lastId = 0;
  /** From the reply to `connect`: a pong that is not expected ends the connection. */
  #wantsPongs = false;

  private constructor(socket: WebSocket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on('message', (data) => this.#take(String(data)));
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      this.#closed = { code, reason: String(reason) };
      for (const settle of this.#replies.values()) settle({ kind: 'closed', ...this.#closed });
      this.#replies.clear();
      for (const listener of [...this.#listeners]) listener(undefined);
    });
  }

  /** @param origin of a page; `undefined`: as a program */
  static open(target: Target, origin: string | undefined): Promise<Conversation | Refused> {
    return new Promise((resolve) => {
      const socket = new WebSocket(target.endpoints.websocket, ['centrifuge-json'], {
        ...connectOptions(target),
        ...(origin !== undefined && { origin }),
        handshakeTimeout: target.timeoutMs,
        perMessageDeflate: false,
        headers: { 'User-Agent': 'fanfare-doctor' },
      });
      socket.on('open', () => resolve(new Conversation(socket, target.timeoutMs)));
      socket.on('error', (error) =>
        resolve({ status: 0, text: causeOf(error), isOfFanfare: false, answerer: 'nobody', location: undefined }),
      );
      socket.on('unexpected-response', (request, message: IncomingMessage) => {
        const { statusCode = 0, headers } = message;
        let text = '';
        const done = () => {
          request.destroy();
          resolve({
            status: statusCode,
            text: text.trim(),
            isOfFanfare: isOfFanfare(message),
            answerer: answererOf(message),
            location: headers.location,
          });
        };
        message.setEncoding('utf8').on('data', (chunk: string) => {
          text = (text + chunk).slice(0, maxTextLength);
        });
        message.on('end', done).on('error', done);
        setTimeout(done, target.timeoutMs).unref();
      });
    });
  }

  /** What it was closed with; 1006 without a goodbye. `undefined` while it is open. */
  get closed(): { readonly code: number; readonly reason: string } | undefined {
    return this.#closed;
  }

  send(command: object): Promise<Reply> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      if (this.#closed !== undefined) {
        resolve({ kind: 'closed', ...this.#closed });
        return;
      }
      const timer = setTimeout(() => settle({ kind: 'silence' }), this.#timeoutMs);
      const settle = (reply: Reply) => {
        clearTimeout(timer);
        this.#replies.delete(id);
        resolve(reply);
      };
      this.#replies.set(id, settle);
      this.#socket.send(JSON.stringify({ id, ...command }));
    });
  }

  /**
   * Told of each message, and with `undefined` of the end.
   *
   * @returns ends it
   */
  listen(listener: (message: Fields | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The first message that matches; `undefined` after the time, or the end. */
  next(matches: (message: Fields) => boolean, timeoutMs: number): Promise<Fields | undefined> {
    return new Promise((resolve) => {
      const settle = (message: Fields | undefined) => {
        clearTimeout(timer);
        end();
        resolve(message);
      };
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      const end = this.listen((message) => {
        if (message === undefined || matches(message)) settle(message);
      });
    });
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** Without waiting for its goodbye. */
  terminate(): void {
    this.#socket.terminate();
  }

  #take(text: string): void {
    for (const line of text.split('\n')) {
      const message = parsed(line);
      if (message === undefined) continue;
      const { id, error, connect } = message;
      if (isFields(connect)) this.#wantsPongs = connect.pong === true;
      if (this.#wantsPongs && Object.keys(message).length === 0) this.#socket.send('{}');
      const settle = typeof id === 'number' ? this.#replies.get(id) : undefined;
      if (settle !== undefined) settle(isFields(error) ? errorOf(error) : { kind: 'reply', fields: message });
      for (const listener of [...this.#listeners]) listener(message);
    }
  }
}

/** A line of the protocol; `undefined` for anything else. */
export function parsed(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function errorOf({ code, message }: Fields): Reply {
  return { kind: 'error', code: Number(code), message: String(message) };
}
