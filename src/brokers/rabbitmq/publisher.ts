/** Sends a node's messages: the server confirms or rejects each within a bounded time. */

import type { Cancel, Clock } from '../../engine/ports/clock.js';
import type { Session } from '../link.js';
import type { ConfirmLane, Connection } from './client-library.js';
import { failed } from './failures.js';
import type { Message } from './message.js';

interface PublisherOptions {
  readonly clock: Clock;
  /** Exchanges to declare; declaring them again is the heartbeat. */
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
 * Without a queue of its own: the library keeps what the socket cannot accept yet, which counts as unconfirmed. So the
 * bound on unconfirmed messages bounds the cost of a slow server.
 */
export class Publisher implements Session {
  /** In the order of sending, which is that of their deadlines. */
  readonly #waiting = new Set<Waiting>();
  #waitingBytes = 0;
  #timer: Cancel | undefined;
  /** Why the server accepts nothing: it is short of memory or disk. */
  #blocked: string | undefined;
  #ended: Error | undefined;

  private constructor(
    private readonly lane: ConfirmLane,
    private readonly options: PublisherOptions,
  ) {}

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

  /** A server that has blocked the connection reads nothing from it, but AMQP's own heartbeat continues. */
  async ping(): Promise<void> {
    const [exchange = ''] = this.options.exchanges;
    if (this.#blocked === undefined) await this.lane.checkExchange(exchange);
  }

  /**
   * Resolves when the server has confirmed that each bound queue has the message.
   *
   * @throws FanfareError `ERR_BROKER`; the message may have been accepted nevertheless, unless there were too many
   */
  publish(exchange: string, routingKey: string, message: Message, sender?: string): Promise<void> {
    const { clock, timeoutMs, maxInFlight, maxInFlightBytes } = this.options;
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
        this.lane.publish(
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

  /** @returns whether it was still waiting */
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

  /** One timer for all messages, set to the first deadline; usually that message is confirmed by then. */
  #watch(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#ended !== undefined) return;
    const { clock, timeoutMs } = this.options;
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
