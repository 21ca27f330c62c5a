/** A node's messages to itself through its server: when one arrives, everything published before it has arrived. */

import type { Clock } from '../engine/ports/clock.js';
import { withTimeLimit } from '../engine/time/time-limit.js';
import { FanfareError } from '../model/fanfare-error.js';

export interface EchoOptions {
  readonly clock: Clock;
  /** The server's name, for people. */
  readonly name: string;
  readonly timeoutMs: number;
  /** How many times each message arrives: once through each queue. Default: 1. */
  readonly times?: number;
  /** The server has accepted a message but not delivered it: the connection works, the subscription does not (G10). */
  readonly onLost: (reason: string) => void;
}

export class Echoes {
  readonly #waiting = new Map<string, () => void>();
  #numSent = 0;
  #newest = 0;

  constructor(private readonly options: EchoOptions) {}

  /** A message has arrived. */
  arrived(id: string): void {
    this.#waiting.get(id)?.();
  }

  /**
   * Resolves when one more message has arrived.
   *
   * @param send resolves when the server has accepted it
   * @throws what `send` throws; an Error if the message does not arrive in time
   */
  async next(send: (id: string) => Promise<unknown>): Promise<void> {
    const { clock, name, timeoutMs, times = 1, onLost } = this.options;
    const number = ++this.#numSent;
    const id = `${number}`;
    try {
      const arrived = new Promise<void>((resolve) => {
        let left = times;
        this.#waiting.set(id, () => {
          if (--left === 0) resolve();
        });
      });
      await send(id);
      await withTimeLimit(clock, timeoutMs, `probe of ${name}`, arrived);
      this.#newest = Math.max(this.#newest, number);
    } catch (error) {
      if (!(error instanceof FanfareError) && number > this.#newest) onLost('nothing arrives through it');
      throw error;
    } finally {
      this.#waiting.delete(id);
    }
  }
}
