/** What nodes say to each other, through pub/sub channels of their own that are all on one server. */

import type { ControlChannel } from '../../engine/control-channel.js';
import type { Keys } from './keys.js';
import type { Topology } from './topology.js';

export class RedisControl implements ControlChannel {
  readonly #topology: Topology;
  readonly #keys: Keys;
  readonly #buses = new Set<string>();
  #nodeId = '';
  #onMessage: ((payload: string, from: string) => void) | undefined;

  constructor(topology: Topology, keys: Keys) {
    this.#topology = topology;
    this.#keys = keys;
  }

  async start(nodeId: string, onMessage: (payload: string, from: string) => void): Promise<void> {
    this.#nodeId = nodeId;
    this.#onMessage = onMessage;
    const route = this.#topology.controlRoute();
    for (const bus of [this.#keys.control(), this.#keys.control(nodeId)]) this.#buses.add(bus);
    await Promise.all([...this.#buses].map((bus) => route.subscribe(bus)));
  }

  async send(payload: string, to?: string): Promise<void> {
    await this.#topology.controlRoute().send(['SPUBLISH', this.#keys.control(to), `${this.#nodeId} ${payload}`]);
  }

  /** A message of a pub/sub channel that is no channel's. */
  received(bus: string, message: string): void {
    if (!this.#buses.has(bus)) return;
    const space = message.indexOf(' ');
    const from = message.slice(0, space);
    if (space > 0 && from !== this.#nodeId) this.#onMessage?.(message.slice(space + 1), from);
  }
}
