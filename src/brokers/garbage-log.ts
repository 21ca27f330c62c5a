/** What comes through a broker and no node has sent: told at once, and from then on once a minute, with how often. */

import { RepeatedWarning } from '../engine/log/repeated-warning.js';
import type { BrokerPorts } from './ports.js';

export class GarbageLog {
  readonly #warning: RepeatedWarning;

  /** @param kind of the broker: `redis` */
  constructor(kind: string, ports: BrokerPorts) {
    this.#warning = new RepeatedWarning(`messages through ${kind} make no sense`, ports);
  }

  /** @param channel or wherever else it has come in */
  found(err: unknown, channel: string): void {
    this.#warning.found({ err, channel });
  }

  close(): void {
    this.#warning.close();
  }
}
