/** Redis as the broker of a fleet under faults. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisServer } from '../support/brokers/redis-server.js';
import type { Rewrite } from '../support/network/fault-lane.js';
import type { ChaosBroker, Meddling } from './chaos-broker.js';
import { redisDisorder } from './redis-disorder.js';

export class RedisChaos implements ChaosBroker {
  readonly name = 'redis';
  readonly keepsHistory = true;
  readonly keepsPresence = true;
  readonly purposes = ['commands', 'subscriptions'];
  #server: RedisServer;

  private constructor(
    server: RedisServer,
    private readonly folder: string,
    readonly isPersistent: boolean,
  ) {
    this.#server = server;
  }

  static async start({ isPersistent = false } = {}): Promise<RedisChaos> {
    const folder = await mkdtemp(join(tmpdir(), 'fanfare-chaos-redis-'));
    return new RedisChaos(await RedisServer.start({ folder, config: configOf(isPersistent) }), folder, isPersistent);
  }

  get port(): number {
    return this.#server.port;
  }

  addressAt(port: number): string {
    return `redis://127.0.0.1:${port}`;
  }

  kill(): Promise<void> {
    return this.#server.kill();
  }

  async startAgain(): Promise<void> {
    this.#server = await RedisServer.start({
      folder: this.folder,
      port: this.#server.port,
      config: configOf(this.isPersistent),
    });
  }

  pause(): void {
    this.#server.child.kill('SIGSTOP');
  }

  resume(): void {
    this.#server.child.kill('SIGCONT');
  }

  purposeOf(bytes: Buffer): string | undefined {
    if (bytes.includes('ssubscribe')) return 'subscriptions';
    return bytes.includes('SCRIPT') ? 'commands' : undefined;
  }

  disorder(meddling: Meddling): Rewrite {
    return redisDisorder(meddling);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function configOf(isPersistent: boolean): string[] {
  return isPersistent ? ['appendonly yes', 'appendfsync everysec'] : [];
}
