/** NATS and RabbitMQ as the broker of a fleet under faults: servers of the test that keep no presence. */

import { NatsServer } from '../support/brokers/nats-server.js';
import { RabbitmqServer } from '../support/brokers/rabbitmq-server.js';
import type { ChaosBroker } from './chaos-broker.js';

interface Server extends AsyncDisposable {
  readonly port: number;
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  pause(): void;
  resume(): void;
}

type Traits = Pick<ChaosBroker, 'name' | 'addressAt' | 'keepsHistory' | 'isPersistent'> & {
  /** What it has on disk goes when it is killed, unless it is persistent. */
  readonly erase?: () => Promise<void>;
};

class ServedBroker implements ChaosBroker {
  readonly name: string;
  readonly keepsHistory: boolean;
  readonly keepsPresence = false;
  readonly isPersistent: boolean;

  constructor(
    private readonly server: Server,
    private readonly traits: Traits,
  ) {
    this.name = traits.name;
    this.keepsHistory = traits.keepsHistory;
    this.isPersistent = traits.isPersistent;
  }

  addressAt(port: number): string {
    return this.traits.addressAt(port);
  }

  get port(): number {
    return this.server.port;
  }

  async kill(): Promise<void> {
    await this.server.kill();
    if (!this.isPersistent) await this.traits.erase?.();
  }

  startAgain(): Promise<void> {
    return this.server.startAgain();
  }

  pause(): void {
    this.server.pause();
  }

  resume(): void {
    this.server.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/** With JetStream. */
export async function natsChaos({ isPersistent = false } = {}): Promise<ChaosBroker> {
  const server = await NatsServer.start();
  return new ServedBroker(server, {
    name: 'nats',
    addressAt: (port) => `nats://127.0.0.1:${port}`,
    keepsHistory: true,
    isPersistent,
    erase: () => server.erase(),
  });
}

/** For channels with history or without. */
export async function rabbitmqChaos({ keepsHistory = true } = {}): Promise<ChaosBroker> {
  return new ServedBroker(await RabbitmqServer.start(), {
    name: 'rabbitmq',
    addressAt: (port) => `amqp://guest:guest@127.0.0.1:${port}`,
    keepsHistory,
    isPersistent: true,
  });
}
