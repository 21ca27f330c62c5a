/** When to test whether the best transport works again: after growing pauses, and at once when the network is back. */

import type { ClientPorts } from './client-ports.js';

interface ProberOptions {
  readonly ports: ClientPorts;
  /** Pause before the first probe, in milliseconds; it doubles, up to 20 times. 0: never. */
  readonly intervalMs: number;
  /** Begins a probe, and returns what cancels it. */
  readonly probe: (onResult: (passes: boolean) => void) => () => void;
  readonly onPass: () => void;
}

const maxGrowth = 20;
/** Divides the first pause if the best transport has worked before. */
const soonFactor = 6;

export class Prober {
  #growth = 1;
  /** Ends the pause or the probe; `undefined` when it is not running. */
  #cancel: (() => void) | undefined;
  #isProbing = false;
  readonly #stopListening: () => void;

  constructor(private readonly options: ProberOptions) {
    this.#stopListening = options.ports.onOnline(() => {
      if (this.#cancel === undefined || this.#isProbing) return;
      this.#cancel();
      this.#probe();
    });
  }

  /** Does nothing if it is already running. */
  start(isSoon: boolean): void {
    if (this.#cancel !== undefined || this.options.intervalMs === 0) return;
    this.#pause(isSoon && this.#growth === 1 ? 1 / soonFactor : this.#growth);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isProbing = false;
  }

  /** The best transport works: next time, begin with short pauses. */
  reset(): void {
    this.#growth = 1;
  }

  /** For good. */
  close(): void {
    this.stop();
    this.#stopListening();
  }

  #pause(factor: number): void {
    const { ports, intervalMs } = this.options;
    // Three quarters to five quarters of it, so that clients that lost WebSocket together do not probe together.
    const delayMs = intervalMs * factor * (0.75 + ports.random.unit() / 2);
    this.#cancel = ports.clock.schedule(() => this.#probe(), delayMs);
  }

  #probe(): void {
    this.#isProbing = true;
    this.#growth = Math.min(this.#growth * 2, maxGrowth);
    this.#cancel = this.options.probe((passes) => {
      this.stop();
      if (passes) this.options.onPass();
      else this.#pause(this.#growth);
    });
  }
}
