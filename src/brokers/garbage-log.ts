/** Warns about messages in a broker that no node has sent: at once, then once a minute with a count. */

import { RepeatedWarning } from '../engine/log/repeated-warning.js';
import type { BrokerPorts } from './ports.js';

export class GarbageLog {
  readonly #warning: RepeatedWarning;

  /** @param kind of the broker: `redis` */
  constructor(kind: string, ports: BrokerPorts) {
    this.#warning = new RepeatedWarning(`messages through ${kind} make no sense`, ports);
  }

  /** @param channel or another name under which it arrived */
  found(err: unknown, channel: string): void {
    this.#warning.found({ err, channel });
  }

  close(): void {
    this.#warning.close();
  }
}
