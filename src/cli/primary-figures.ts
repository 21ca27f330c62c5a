/**
 * The figures of the process that started the workers: of the broker in it, and what workers that have died had counted,
 * without which a sum would sink, and Prometheus would take what is left for new.
 */

import type { Worker } from 'node:cluster';
import type { BrokerHoldings } from '../engine/ports/broker.js';
import type { Figure } from '../observe/exposition.js';

export class PrimaryFigures {
  /** Of each worker that lives, as of the last scrape. */
  readonly #latest = new Map<Worker, readonly object[]>();
  #departed: Promise<readonly Figure[]> = Promise.resolve([]);

  /** @param holdings of the broker in this process; absent: there is none */
  constructor(private readonly holdings: (() => BrokerHoldings) | undefined) {}

  /** A worker has told its figures for a scrape. */
  told(worker: Worker, figures: readonly object[]): void {
    this.#latest.set(worker, figures);
  }

  /** A worker has ended. */
  ended(worker: Worker): void {
    // safe: workers run this program
    const figures = this.#latest.get(worker) as readonly Figure[] | undefined;
    this.#latest.delete(worker);
    if (figures === undefined) return;
    this.#departed = this.#departed.then(async (before) => {
      const { addUp, lastingOf } = await import('../observe/exposition.js');
      return addUp([before, lastingOf(figures)]);
    });
    // A failure is told to who scrapes next; it must not end this process, which all workers depend on.
    this.#departed.catch(() => {});
  }

  /** What belongs to no worker that lives. */
  async own(): Promise<readonly object[]> {
    const departed = await this.#departed;
    const { holdings } = this;
    if (holdings === undefined) return departed;
    // Only now: nobody may ever ask, and the library behind it takes time to load.
    const { memoryFigures } = await import('../observe/memory-metrics.js');
    return [...departed, ...(await memoryFigures(holdings))];
  }
}
