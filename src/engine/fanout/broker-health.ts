/**
 * Whether this node's broker works at present (G10): whether publications arrive, as shown by regular messages to
 * itself through the broker, and whether the broker stores what channels keep.
 */

import type { Broker, KeptKinds } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import type { Counters } from '../ports/counters.js';
import type { Logger } from '../ports/logger.js';
import { ProbeSeries } from './probe-series.js';

interface BrokerHealthParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly counters: Pick<Counters, 'brokerCalls'>;
  /** The kinds that any channel keeps; the others are not probed. */
  readonly keeps: () => KeptKinds;
}

export class BrokerHealth {
  readonly #parts: BrokerHealthParts;
  /** Absent for a broker inside the process. */
  readonly #delivery: ProbeSeries | undefined;
  /** Absent if the broker cannot be probed for this. */
  readonly #keeping: ProbeSeries | undefined;

  constructor(parts: BrokerHealthParts) {
    const { broker, keeps } = parts;
    this.#parts = parts;
    this.#delivery =
      broker.probe &&
      this.#series('the way through the broker', 'probe', async () => {
        await broker.probe?.();
        return true;
      });
    this.#keeping =
      broker.probeKeeping &&
      this.#series('keeping something in the broker', 'keep', async () => {
        const kinds = keeps();
        if (!kinds.history && !kinds.presence) return false;
        await broker.probeKeeping?.(kinds);
        return true;
      });
  }

  /** Always true for a broker inside the process. */
  get isDelivering(): boolean {
    return this.#delivery?.isWell ?? true;
  }

  /** Whether the broker stores what channels keep: publications with history, presence. */
  get isKeeping(): boolean {
    return this.#keeping?.isWell ?? true;
  }

  /** Milliseconds since this node's last message to itself arrived; at best about one second. */
  get silenceMs(): number {
    return this.#delivery?.silenceMs ?? 0;
  }

  /** The current silence, or a longer one that ended within this many milliseconds. */
  silenceWithin(ms: number): number {
    return this.#delivery?.silenceWithin(ms) ?? 0;
  }

  /** Called when the broker has started. */
  start(): void {
    this.#delivery?.start();
    this.#keeping?.start();
  }

  close(): void {
    this.#delivery?.close();
    this.#keeping?.close();
  }

  #series(name: string, operation: string, attempt: () => Promise<boolean>): ProbeSeries {
    const { clock, log, broker, counters } = this.#parts;
    return new ProbeSeries({
      name,
      clock,
      attempt: async () => {
        const beganMs = clock.nowMs();
        const hasAsked = await attempt();
        if (hasAsked) counters.brokerCalls.of(operation).observe((clock.nowMs() - beganMs) / 1_000);
      },
      onTurn: (isWell, err) => {
        const fields = { broker: broker.name, probe: name };
        if (isWell) log.info(fields, 'the broker does its work again');
        else log.warn({ ...fields, err }, 'not ready: the broker does not do its work');
      },
    });
  }
}
