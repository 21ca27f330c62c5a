/**
 * Answers that their clients have not read yet. A session has one at most: or else a client that asks again and again
 * and reads nothing would have as many copies of its batch lie in memory as it likes.
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../engine/ports/clock.js';
import { isTaken } from '../../http/http2.js';

export class UnreadAnswers {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #sockets = new Map<string, Socket>();

  /** @param timeoutMs how long an answer may take to be read, as a whole */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Ends the connection whose client has not read the session's last answer and asks for another one. */
  drop(session: string): void {
    this.#sockets.get(session)?.destroy();
  }

  /** The answer has been written as a whole. */
  watch(session: string, response: ServerResponse): void {
    // The system has taken it: the usual case. One without a socket waits for those that were asked for before it.
    if (isTaken(response)) return;
    // Over HTTP/2 its events and its end are those of the one request.
    const { socket } = response.req;
    if (socket.destroyed) return;
    const cancel = this.#clock.schedule(() => socket.destroy(), this.#timeoutMs);
    const done = () => {
      cancel();
      socket.off('close', done);
      if (this.#sockets.get(session) === socket) this.#sockets.delete(session);
    };
    this.#sockets.set(session, socket);
    response.once('finish', done);
    socket.once('close', done);
  }
}
