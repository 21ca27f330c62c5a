/** When to find out whether the best transport passes again: after pauses that grow, and at once when the network is back. */

import type { ClientPorts } from './client-ports.js';

interface ProberOptions {
  readonly ports: ClientPorts;
  /** Before the first probe, in milliseconds; each pause is twice the one before, up to 20 times as long. 0: never. */
  readonly intervalMs: number;
  /** Begins a probe, and returns what cancels it. */
  readonly probe: (onResult: (passes: boolean) => void) => () => void;
  readonly onPass: () => void;
}

const maxGrowth = 20;
/** The first pause is so much shorter where the best transport has worked before. */
const soonFactor = 6;

export class Prober {
  readonly #options: ProberOptions;
  #growth = 1;
  /** Ends the pause or the probe; there is none when it is not running. */
  #cancel: (() => void) | undefined;
  #isProbing = false;
  readonly #stopListening: () => void;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#stopListening = options.ports.onOnline(() => {
      if (this.#cancel === undefined || this.#isProbing) return;
      this.#cancel();
      this.#probe();
    });
  }

  /** Goes on with it if it is running already. */
  start(isSoon: boolean): void {
    if (this.#cancel !== undefined || this.#options.intervalMs === 0) return;
    this.#pause(isSoon && this.#growth === 1 ? 1 / soonFactor : this.#growth);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isProbing = false;
  }

  /** The best transport works: the next time begins with short pauses. */
  reset(): void {
    this.#growth = 1;
  }

  /** For good. */
  close(): void {
    this.stop();
    this.#stopListening();
  }

  #pause(factor: number): void {
    const { ports, intervalMs } = this.#options;
    // Three quarters to five quarters of it: those that came down together do not ask together.
    const delayMs = intervalMs * factor * (0.75 + ports.random.unit() / 2);
    this.#cancel = ports.clock.schedule(() => this.#probe(), delayMs);
  }

  #probe(): void {
    this.#isProbing = true;
    this.#growth = Math.min(this.#growth * 2, maxGrowth);
    this.#cancel = this.#options.probe((passes) => {
      this.stop();
      if (passes) this.#options.onPass();
      else this.#pause(this.#growth);
    });
  }
}
