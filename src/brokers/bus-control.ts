/** Messages between nodes over a broker's pub/sub, under separate names: one for all, and one for each node. */

import type { ControlChannel } from '../engine/ports/control-channel.js';

interface ControlBus {
  /** The name that one node, or all nodes, subscribe to. */
  placeOf(nodeId?: string): string;
  /** Resolves when later messages to it arrive. */
  subscribe(place: string): Promise<void>;
  /** @throws FanfareError `ERR_BROKER` */
  send(place: string, text: string): Promise<void>;
  /** Called for a message that no node has sent. Must not throw. */
  onGarbage(error: Error, place: string): void;
}

export class BusControl implements ControlChannel {
  readonly #own = new Set<string>();
  #nodeId = '';
  #onMessage: ((payload: string, from: string) => void) | undefined;

  constructor(private readonly bus: ControlBus) {}

  async start(nodeId: string, onMessage: (payload: string, from: string) => void): Promise<void> {
    this.#nodeId = nodeId;
    this.#onMessage = onMessage;
    for (const place of [this.bus.placeOf(), this.bus.placeOf(nodeId)]) this.#own.add(place);
    await Promise.all([...this.#own].map((place) => this.bus.subscribe(place)));
  }

  async send(payload: string, to?: string): Promise<void> {
    await this.bus.send(this.bus.placeOf(to), `${this.#nodeId} ${payload}`);
  }

  /** A message under a name that is not a channel's. */
  received(place: string, text: string): void {
    if (!this.#own.has(place)) return;
    const space = text.indexOf(' ');
    const from = text.slice(0, space);
    if (space < 1) this.bus.onGarbage(new Error('not a message between nodes'), place);
    else if (from !== this.#nodeId) this.#onMessage?.(text.slice(space + 1), from);
  }
}
