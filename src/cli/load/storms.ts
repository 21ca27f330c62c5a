/** Cuts a share of the connections at the times that a scenario names: a network or a load balancer that failed. */

import { randomStreams, type WorkerShare } from './assignment.js';
import { msUntil } from './clock.js';
import type { LoadClient } from './load-client.js';
import type { Times } from './publications.js';
import { SeededRandom } from './random.js';
import type { Scenario } from './scenario.js';

export class Storms {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #random: SeededRandom;

  constructor(
    private readonly scenario: Scenario,
    share: WorkerShare,
    private readonly clients: readonly LoadClient[],
    { measureFromUs, endUs }: Times,
  ) {
    this.#random = new SeededRandom(scenario.seed, randomStreams.storm + share.index * 16);
    const firstMs = scenario['storm.at'];
    if (firstMs === undefined) return;
    const everyUs = (scenario['storm.every'] ?? Number.POSITIVE_INFINITY) * 1e3;
    this.#plan(measureFromUs + firstMs * 1e3, everyUs, endUs);
  }

  /** One storm at a time, so that none is left when they end. */
  #plan(atUs: number, everyUs: number, endUs: number): void {
    if (atUs >= endUs) return;
    this.#after(msUntil(atUs), () => {
      this.#storm();
      if (everyUs !== Number.POSITIVE_INFINITY) this.#plan(atUs + everyUs, everyUs, endUs);
    });
  }

  #storm(): void {
    const withinMs = this.scenario['storm.within'];
    for (const client of this.clients) {
      if (this.#random.next() >= this.scenario['storm.share']) continue;
      if (withinMs === 0) client.storm();
      else this.#after(this.#random.next() * withinMs, () => client.storm());
    }
  }

  #after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
