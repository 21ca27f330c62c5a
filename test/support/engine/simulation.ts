/** One node on a fake clock with the memory broker: the world in which the guarantees are tested. */

import { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import { allowAnonymous } from '../../../src/engine/auth/anonymous.js';
import { type ChannelOptions, channel } from '../../../src/engine/channels/channel-options.js';
import type { Broker } from '../../../src/engine/ports/broker.js';
import type { Random } from '../../../src/engine/ports/clock.js';
import type { EngineLimits } from '../../../src/engine/ports/limits.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import type { Position } from '../../../src/model/position.js';
import { channelName } from './channel-name.js';
import { countingRandom, FakeClock } from './fake-clock.js';
import { EngineNode } from './node.js';
import { SimulatedClient } from './simulated-client.js';

export interface SimulationOptions {
  readonly rule: ChannelOptions;
  readonly limits?: Partial<EngineLimits>;
  readonly random?: Random;
  /** Puts something between the node and the memory broker, which `make` makes. */
  readonly wrap?: (make: () => MemoryBroker) => Broker;
}

export class Simulation extends EngineNode {
  readonly channel = channelName('room:1');

  constructor({ rule, limits, random = countingRandom(), wrap }: SimulationOptions) {
    const clock = new FakeClock();
    super({
      clock,
      random,
      auth: allowAnonymous(undefined),
      channels: { 'room:{id}': channel({ subscribe: 'anyone', publish: 'anyone', ...rule }) },
      limits: { commandsPerSec: 0, ...limits },
      ...(wrap && { broker: () => wrap(() => new MemoryBroker({ clock, random })) }),
    });
  }

  client(): SimulatedClient {
    return new SimulatedClient(this.node, this.channel);
  }

  /** Publishes as the server does; resolves with the acknowledged position. */
  async publish(value: unknown, idempotencyKey?: string): Promise<Position> {
    const match = this.node.rules.match(this.channel);
    if (match === undefined) throw new Error('no rule');
    const data = trustedJsonText(JSON.stringify(value));
    const options = idempotencyKey === undefined ? {} : { idempotencyKey };
    return (await this.node.publishing.publish(this.channel, match.rule, data, options)).position;
  }

  /** Lets everything happen, and the clients read it, until nothing moves any more. */
  async settle(clients: readonly SimulatedClient[]): Promise<void> {
    do {
      await this.clock.settle();
      for (const client of clients) client.read();
      await this.clock.settle();
    } while (clients.some((client) => (client.connection?.inFlight.length ?? 0) > 0));
  }
}
