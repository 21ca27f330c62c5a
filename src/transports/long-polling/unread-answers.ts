/**
 * Answers that clients have not read yet. At most one per session, so that a client that polls without reading cannot
 * fill the memory with copies of its batch.
 */

import type { Socket } from 'node:net';
import type { Clock } from '../../engine/ports/clock.js';
import type { HttpExchange } from '../../http/exchange.js';
import { isTaken } from '../../http/http2.js';
import { NodeExchange } from '../../http/node-exchange.js';

export class UnreadAnswers {
  readonly #sockets = new Map<string, Socket>();

  /** @param timeoutMs how long an answer may take to be read completely */
  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  get size(): number {
    return this.#sockets.size;
  }

  /** Ends the connection of a client that polls again before it has read the session's last answer. */
  drop(session: string): void {
    this.#sockets.get(session)?.destroy();
  }

  /** Watches an answer that was written completely. */
  watch(session: string, exchange: HttpExchange): void {
    if (!(exchange instanceof NodeExchange)) return;
    const { response } = exchange;
    // Usually the kernel has it already. A response without a socket waits for earlier ones.
    if (isTaken(response)) return;
    // Over HTTP/2, events and end belong to the single request.
    const { socket } = response.req;
    if (socket.destroyed) return;
    const cancel = this.clock.schedule(() => socket.destroy(), this.timeoutMs);
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
