/** RabbitMQ as the broker of a fleet under faults, for channels with history or without. */

import { RabbitmqServer } from '../support/rabbitmq-server.js';
import type { ChaosBroker } from './chaos-broker.js';

export class RabbitmqChaos implements ChaosBroker {
  readonly name = 'rabbitmq';
  readonly keepsPresence = false;
  readonly isPersistent = true;

  private constructor(
    private readonly server: RabbitmqServer,
    readonly keepsHistory: boolean,
  ) {}

  static async start({ keepsHistory = true } = {}): Promise<RabbitmqChaos> {
    return new RabbitmqChaos(await RabbitmqServer.start(), keepsHistory);
  }

  get port(): number {
    return this.server.port;
  }

  addressAt(port: number): string {
    return `amqp://guest:guest@127.0.0.1:${port}`;
  }

  kill(): Promise<void> {
    return this.server.kill();
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}
