/** NATS with JetStream as the broker of a fleet under faults. */

import { NatsServer } from '../support/nats-server.js';
import type { ChaosBroker } from './chaos-broker.js';

export class NatsChaos implements ChaosBroker {
  readonly name = 'nats';
  readonly keepsHistory = true;
  readonly keepsPresence = false;

  private constructor(
    private readonly server: NatsServer,
    readonly isPersistent: boolean,
  ) {}

  static async start({ isPersistent = false } = {}): Promise<NatsChaos> {
    return new NatsChaos(await NatsServer.start(), isPersistent);
  }

  get port(): number {
    return this.server.port;
  }

  addressAt(port: number): string {
    return `nats://127.0.0.1:${port}`;
  }

  async kill(): Promise<void> {
    await this.server.kill();
    if (!this.isPersistent) await this.server.erase();
  }

  startAgain(): Promise<void> {
    return this.server.restart();
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
