/** Messages between nodes, through a separate exchange and one queue per node. */

import type { ControlChannel } from '../../engine/ports/control-channel.js';
import type { Delivery } from './client-library.js';
import type { Message } from './message.js';
import type { Names } from './names.js';

interface ControlPorts {
  /** Resolves when messages with these keys arrive here, also after a reconnect. */
  listen(keys: readonly string[]): Promise<void>;
  /** @throws FanfareError `ERR_BROKER` */
  send(routingKey: string, message: Message, sender: string): Promise<void>;
  /** Called for a message that no node has sent. Must not throw. */
  onGarbage(error: Error, routingKey: string): void;
}

export class RabbitmqControl implements ControlChannel {
  #nodeId = '';
  #onMessage: ((payload: string, from: string) => void) | undefined;

  constructor(
    private readonly names: Names,
    private readonly ports: ControlPorts,
  ) {}

  async start(nodeId: string, onMessage: (payload: string, from: string) => void): Promise<void> {
    this.#nodeId = nodeId;
    this.#onMessage = onMessage;
    await this.ports.listen([this.names.everyone, this.names.node(nodeId)]);
  }

  async send(payload: string, to?: string): Promise<void> {
    const key = to === undefined ? this.names.everyone : this.names.node(to);
    const message = { type: 'control', content: Buffer.from(payload), headers: {} };
    await this.ports.send(key, message, this.#nodeId);
  }

  received({ content, properties, fields }: Delivery): void {
    const { appId, type } = properties;
    if (type !== 'control' || typeof appId !== 'string' || appId === '') {
      this.ports.onGarbage(new Error('not a message between nodes'), fields.routingKey);
    } else if (appId !== this.#nodeId) this.#onMessage?.(content.toString(), appId);
  }
}
