/** What a node sends: every message is confirmed by the server, or rejected, in a bounded time. */

import type { Cancel, Clock } from '../../engine/ports/clock.js';
import type { Session } from '../link.js';
import type { ConfirmLane, Connection } from './client-library.js';
import { failed } from './failures.js';
import type { Message } from './message.js';

interface PublisherOptions {
  readonly clock: Clock;
  /** Declares what is published to; asking for it again is the heartbeat. */
  readonly exchanges: readonly string[];
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
}

interface Waiting {
  readonly dueMs: number;
  readonly numBytes: number;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Nothing waits to be sent: what the socket cannot take yet is kept by the library, has not been confirmed and is counted
 * as that. So the bound on what is not confirmed is the bound on what a slow server costs.
 */
export class Publisher implements Session {
  readonly #lane: ConfirmLane;
  readonly #options: PublisherOptions;
  /** In the order in which they were sent, which is that of their deadlines. */
  readonly #waiting = new Set<Waiting>();
  #waitingBytes = 0;
  #timer: Cancel | undefined;
  /** Why the server takes nothing: it is short of memory or disk. */
  #blocked: string | undefined;
  #ended: Error | undefined;

  private constructor(lane: ConfirmLane, options: PublisherOptions) {
    this.#lane = lane;
    this.#options = options;
  }

  static async open(
    connection: Connection,
    options: PublisherOptions,
    fail: (reason: Error) => void,
  ): Promise<Publisher> {
    const lane = await connection.createConfirmChannel();
    lane.on('error', fail);
    lane.on('close', () => fail(new Error('the server has ended the conversation')));
    for (const exchange of options.exchanges) await lane.assertExchange(exchange, 'direct', { durable: true });
    const publisher = new Publisher(lane, options);
    connection.on('blocked', (reason) => publisher.#block(String(reason)));
    connection.on('unblocked', () => {
      publisher.#blocked = undefined;
    });
    return publisher;
  }

  /** A server that has blocked the connection reads nothing from it; AMQP's own heartbeat goes on. */
  async ping(): Promise<void> {
    const [exchange = ''] = this.#options.exchanges;
    if (this.#blocked === undefined) await this.#lane.checkExchange(exchange);
  }

  /**
   * Resolves when the server has confirmed it: each queue that was bound has it.
   *
   * @throws FanfareError `ERR_BROKER`; the message may have been taken nevertheless, unless there were too many
   */
  publish(exchange: string, routingKey: string, message: Message, sender?: string): Promise<void> {
    const { clock, timeoutMs, maxInFlight, maxInFlightBytes } = this.#options;
    const numBytes = message.content.length;
    if (this.#ended !== undefined) return Promise.reject(failed('the connection is lost', this.#ended));
    if (this.#blocked !== undefined) return Promise.reject(failed(`the server takes nothing: ${this.#blocked}`));
    if (this.#waiting.size >= maxInFlight || this.#waitingBytes + numBytes > maxInFlightBytes) {
      return Promise.reject(failed('too many messages wait for a confirm'));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { dueMs: clock.nowMs() + timeoutMs, numBytes, resolve, reject };
      this.#waiting.add(waiting);
      this.#waitingBytes += numBytes;
      if (this.#timer === undefined) this.#watch();
      try {
        this.#lane.publish(
          exchange,
          routingKey,
          message.content,
          { type: message.type, headers: message.headers, ...(sender !== undefined && { appId: sender }) },
          (error) => {
            if (!this.#forget(waiting)) return;
            if (error) reject(failed('the message was not confirmed', error));
            else resolve();
          },
        );
      } catch (error) {
        if (this.#forget(waiting)) reject(failed('the message could not be sent', error));
      }
    });
  }

  end(reason: Error): void {
    this.#ended = reason;
    this.#timer?.();
    this.#rejectAll(failed('the connection is lost', reason));
  }

  #block(reason: string): void {
    this.#blocked = reason;
    this.#rejectAll(failed(`the server takes nothing: ${reason}`));
  }

  /** @returns whether it was still waited for */
  #forget(waiting: Waiting): boolean {
    if (!this.#waiting.delete(waiting)) return false;
    this.#waitingBytes -= waiting.numBytes;
    return true;
  }

  #rejectAll(error: Error): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    this.#waitingBytes = 0;
    for (const { reject } of all) reject(error);
  }

  /** One timer for all, at the time at which the first of them is due; it mostly finds that one confirmed. */
  #watch(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#ended !== undefined) return;
    const { clock, timeoutMs } = this.#options;
    this.#timer = clock.schedule(
      () => {
        this.#timer = undefined;
        for (const waiting of this.#waiting) {
          if (waiting.dueMs > clock.nowMs()) break;
          this.#forget(waiting);
          waiting.reject(failed(`no confirm in ${timeoutMs} ms`));
        }
        this.#watch();
      },
      Math.max(1, first.dueMs - clock.nowMs()),
    );
  }
}
