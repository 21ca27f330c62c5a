/** Whether what is published reaches this node: a message of its own, sent through the broker again and again (G10). */

import type { Broker } from './broker.js';
import type { Cancel, Clock } from './clock.js';
import { withTimeLimit } from './time-limit.js';

const intervalMs = 2_000;
const limitMs = 4_000;
/** Longer than one message that is lost; with the interval, much shorter than the 15 s in which it has to be known. */
const maxSilenceMs = 8_000;

export class BrokerHealth {
  #lastSuccessMs: number;
  #timer: Cancel | undefined;
  #isClosed = false;

  constructor(
    private readonly broker: Broker,
    private readonly clock: Clock,
  ) {
    this.#lastSuccessMs = clock.nowMs();
  }

  /** Always true for a broker inside the process. */
  get isDelivering(): boolean {
    return this.silenceMs <= maxSilenceMs;
  }

  /** Since a message of this node's own last came back, in milliseconds; some seconds at the best. */
  get silenceMs(): number {
    return this.broker.probe === undefined ? 0 : this.clock.nowMs() - this.#lastSuccessMs;
  }

  /** The broker has just been started. */
  start(): void {
    this.#lastSuccessMs = this.clock.nowMs();
    if (this.broker.probe !== undefined) this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.();
  }

  #schedule(): void {
    this.#timer = this.clock.schedule(() => {
      this.#probe().finally(() => {
        if (!this.#isClosed) this.#schedule();
      });
    }, intervalMs);
  }

  async #probe(): Promise<void> {
    try {
      await withTimeLimit(this.clock, limitMs, 'broker probe', this.broker.probe?.() ?? Promise.resolve());
      this.#lastSuccessMs = this.clock.nowMs();
    } catch {
      // The silence counts, and the broker logs why there is one.
    }
  }
}
