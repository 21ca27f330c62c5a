/**
 * Whether the work of this node succeeds at present (G10): what is published reaches it, which a message of its own tells
 * that is sent through the broker again and again; and the broker takes what has to be kept.
 */

import type { Broker, KeptKinds } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import { ProbeSeries } from './probe-series.js';

interface BrokerHealthParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  /** What any channel keeps: else it does not matter whether that could be. */
  readonly keeps: () => KeptKinds;
}

export class BrokerHealth {
  readonly #parts: BrokerHealthParts;
  /** Absent for a broker inside the process. */
  readonly #delivery: ProbeSeries | undefined;
  /** Absent where that is not known. */
  readonly #keeping: ProbeSeries | undefined;

  constructor(parts: BrokerHealthParts) {
    const { broker, keeps } = parts;
    this.#parts = parts;
    this.#delivery = broker.probe && this.#series('the way through the broker', async () => broker.probe?.());
    this.#keeping =
      broker.probeKeeping &&
      this.#series('keeping something in the broker', async () => {
        const kinds = keeps();
        if (kinds.history || kinds.presence) await broker.probeKeeping?.(kinds);
      });
  }

  /** Always true for a broker inside the process. */
  get isDelivering(): boolean {
    return this.#delivery?.isWell ?? true;
  }

  /** Whether the broker takes what has to be kept: publications with history, presence. */
  get isKeeping(): boolean {
    return this.#keeping?.isWell ?? true;
  }

  /** Since a message of this node's own last came back, in milliseconds; about one second at the best. */
  get silenceMs(): number {
    return this.#delivery?.silenceMs ?? 0;
  }

  /** The same, or how long the last time was that has ended within so many milliseconds. */
  silenceWithin(ms: number): number {
    return this.#delivery?.silenceWithin(ms) ?? 0;
  }

  /** The broker has just been started. */
  start(): void {
    this.#delivery?.start();
    this.#keeping?.start();
  }

  close(): void {
    this.#delivery?.close();
    this.#keeping?.close();
  }

  #series(name: string, attempt: () => Promise<void>): ProbeSeries {
    const { clock, log, broker } = this.#parts;
    return new ProbeSeries({
      name,
      clock,
      attempt,
      onTurn: (isWell, err) => {
        const fields = { broker: broker.name, probe: name };
        if (isWell) log.info(fields, 'the broker does its work again');
        else log.warn({ ...fields, err }, 'not ready: the broker does not do its work');
      },
    });
  }
}
