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
import { SimulatedClient, type SimulatedOptions } from './simulated-client.js';

export interface SimulationOptions<Between extends Broker> {
  readonly rule: ChannelOptions;
  readonly limits?: Partial<EngineLimits>;
  readonly random?: Random;
  /** Puts something between the node and the memory broker, which `make` makes. */
  readonly wrap?: (make: () => MemoryBroker, clock: FakeClock) => Between;
}

export class Simulation<Between extends Broker = Broker> extends EngineNode {
  readonly channel = channelName('room:1');
  // safe: what is put in between is the broker
  declare readonly broker: Between;

  constructor({ rule, limits, random = countingRandom(), wrap }: SimulationOptions<Between>) {
    const clock = new FakeClock();
    super({
      clock,
      random,
      auth: allowAnonymous(undefined),
      channels: { 'room:{id}': channel({ subscribe: 'anyone', publish: 'anyone', ...rule }) },
      limits: { commandsPerSec: 0, ...limits },
      ...(wrap && { broker: () => wrap(() => new MemoryBroker({ clock, random }), clock) }),
    });
  }

  client(options?: SimulatedOptions): SimulatedClient {
    return new SimulatedClient(this.node, this.channel, options);
  }

  /** A client that is subscribed. */
  async connected(): Promise<SimulatedClient> {
    const client = this.client();
    client.connect();
    await this.settle([client]);
    return client;
  }

  /** Publishes as the server does; resolves with the acknowledged position. */
  async publish(value: unknown, idempotencyKey?: string): Promise<Position> {
    const rule = this.node.ports.rules.match(this.channel);
    if (rule === undefined) throw new Error('no rule');
    const data = trustedJsonText(JSON.stringify(value));
    const options = idempotencyKey === undefined ? {} : { idempotencyKey };
    return (await this.node.ports.publishing.publish(this.channel, rule, data, options)).position;
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
