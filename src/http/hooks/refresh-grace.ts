/** Lets connections and subscriptions outlive their expiry while the backend does not answer. */

import type { Clock, Random } from '../../engine/ports/clock.js';

/** Pause until the backend is asked again: up to twice as long at random, so that not all ask at once. */
const retryMs = 5_000;

export class RefreshGrace {
  readonly #clock: Clock;
  readonly #random: Random;
  /** 0: none. */
  graceMs: number;
  /** When asking failed first, by connection and channel. Freed with the connection. */
  readonly #since = new WeakMap<object, Map<string, number>>();

  /** @param graceMs 0: none */
  constructor(clock: Clock, random: Random, graceMs: number) {
    this.#clock = clock;
    this.#random = random;
    this.graceMs = graceMs;
  }

  /**
   * @param connection any object that lives as long as the connection
   * @param channel empty for the connection itself
   * @returns until when it may stay, in Unix milliseconds; `undefined` when the grace is over
   */
  extend(connection: object, channel = ''): number | undefined {
    const nowMs = this.#clock.nowMs();
    const sinceByChannel = this.#since.get(connection) ?? new Map<string, number>();
    this.#since.set(connection, sinceByChannel);
    const sinceMs = sinceByChannel.get(channel) ?? nowMs;
    const leftMs = sinceMs + this.graceMs - nowMs;
    if (leftMs <= 0) {
      sinceByChannel.delete(channel);
      return undefined;
    }
    sinceByChannel.set(channel, sinceMs);
    return this.#clock.wallMs() + Math.min(leftMs, retryMs * (1 + this.#random.unit()));
  }

  /** The backend has answered. */
  end(connection: object, channel = ''): void {
    this.#since.get(connection)?.delete(channel);
  }
}
