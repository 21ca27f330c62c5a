/** What comes through a broker and no node has sent: told at once, and from then on once a minute, with how often. */

import type { Cancel } from '../engine/clock.js';
import type { BrokerPorts } from './ports.js';

const intervalMs = 60_000;

export class GarbageLog {
  readonly #kind: string;
  readonly #ports: BrokerPorts;
  #last: { readonly err: unknown; readonly channel: string } | undefined;
  #count = 0;
  #timer: Cancel | undefined;

  /** @param kind of the broker: `redis` */
  constructor(kind: string, ports: BrokerPorts) {
    this.#kind = kind;
    this.#ports = ports;
  }

  found(err: unknown, channel: string): void {
    this.#last = { err, channel };
    this.#count++;
    if (this.#timer === undefined) this.#tell();
  }

  close(): void {
    this.#timer?.();
  }

  #tell(): void {
    this.#timer = undefined;
    if (this.#last === undefined) return;
    this.#ports.log.warn({ ...this.#last, count: this.#count }, `messages through ${this.#kind} make no sense`);
    this.#last = undefined;
    this.#count = 0;
    this.#timer = this.#ports.clock.schedule(() => this.#tell(), intervalMs);
  }
}
