/** Control channels between nodes of one process, with the faults that real ones have: loss, delay, a node that dies. */

import type { Clock } from '../../../src/engine/ports/clock.js';
import type { ControlChannel } from '../../../src/engine/ports/control-channel.js';

type Receiver = (payload: string, from: string) => void;

/** What becomes of one payload on its way. */
export interface Fate {
  readonly lost?: boolean;
  readonly delayMs?: number;
}

export class ControlHub {
  readonly #receivers = new Map<string, Receiver>();
  /** Payloads that were sent, one per receiver. */
  numCarried = 0;
  /** Decides about each payload for each receiver. Delays break no order: what is sent later arrives later. */
  fate: (payload: string, from: string, to: string) => Fate = () => ({});
  /** Nothing that is sent is taken: those who wait for it wait for ever. */
  isStuck = false;
  readonly #arrivesMs = new Map<string, number>();

  constructor(readonly clock: Clock) {}

  connect(): ControlChannel {
    let own = '';
    return {
      start: async (nodeId, onMessage) => {
        own = nodeId;
        this.#receivers.set(nodeId, onMessage);
      },
      send: async (payload, to) => {
        if (!this.#receivers.has(own)) return;
        if (this.isStuck) await new Promise(() => undefined);
        const receivers = to === undefined ? [...this.#receivers.keys()] : [to];
        for (const receiver of receivers) if (receiver !== own) this.#carry(payload, own, receiver);
      },
    };
  }

  /** As `kill -9`: it says nothing and hears nothing any more. */
  kill(nodeId: string): void {
    this.#receivers.delete(nodeId);
  }

  #carry(payload: string, from: string, to: string): void {
    this.numCarried++;
    const { lost = false, delayMs = 0 } = this.fate(payload, from, to);
    if (lost) return;
    const way = `${from} ${to}`;
    const arrivesMs = Math.max(this.clock.nowMs() + delayMs, this.#arrivesMs.get(way) ?? 0);
    this.#arrivesMs.set(way, arrivesMs);
    this.clock.schedule(() => this.#receivers.get(to)?.(payload, from), arrivesMs - this.clock.nowMs());
  }
}
