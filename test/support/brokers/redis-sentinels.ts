/** A real Redis primary of the test with replicas, and sentinels that watch over them. */

import { expect, vi } from 'vitest';
import { FaultProxy } from '../network/fault-proxy.js';
import { RedisServer } from './redis-server.js';

const untilStarted = { timeout: 30_000, interval: 100 };

export interface WatchedRedisOptions {
  /** Default: 1. */
  readonly numReplicas?: number;
  /** Lines of the configuration of primary and replicas. */
  readonly config?: readonly string[];
  /** Default: that of Redis. */
  readonly program?: string;
}

/** A server that others reach through a proxy alone. */
interface Replica {
  readonly server: RedisServer;
  readonly way: FaultProxy;
}

/** Disposing of it ends all processes. */
export class WatchedRedis implements AsyncDisposable {
  private constructor(
    readonly primary: RedisServer,
    readonly replicas: readonly Replica[],
    readonly sentinel: RedisServer,
  ) {}

  static async start(options: WatchedRedisOptions = {}): Promise<WatchedRedis> {
    const { numReplicas = 1, config = [], program } = options;
    const all = ['repl-diskless-sync-delay 0', ...config];
    const primary = await RedisServer.start({ program, config: all });
    const replicas: Replica[] = [];
    for (let n = 0; n < numReplicas; n++) {
      const server = await RedisServer.start({ program, config: all });
      const way = await FaultProxy.start({ port: server.port });
      await using client = await server.client();
      await client.send(['CONFIG', 'SET', 'replica-announce-port', `${way.port}`]);
      await client.send(['REPLICAOF', '127.0.0.1', `${primary.port}`]);
      replicas.push({ server, way });
    }
    const sentinel = await RedisServer.start({
      program,
      isSentinel: true,
      config: [
        `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
        'sentinel down-after-milliseconds main 1000',
        'sentinel failover-timeout main 5000',
      ],
    });
    const watched = new WatchedRedis(primary, replicas, sentinel);
    await using client = await sentinel.client();
    await vi.waitFor(async () => {
      // safe: what the command answers with
      const known = (await client.send(['SENTINEL', 'REPLICAS', 'main'])) as unknown[];
      expect(known).toHaveLength(numReplicas);
      for (const { server } of replicas) {
        await using replica = await server.client();
        expect(String(await replica.send(['INFO', 'replication']))).toContain('master_link_status:up');
      }
    }, untilStarted);
    return watched;
  }

  /** Names a sentinel that is not there as well. */
  get url(): string {
    return `redis+sentinel://127.0.0.1:1,127.0.0.1:${this.sentinel.port}/main`;
  }

  /** Resolves when the sentinel calls another server the primary. */
  async failedOver(timeoutMs: number): Promise<void> {
    const inTime = { timeout: timeoutMs, interval: 50 };
    await using client = await this.sentinel.client();
    await vi.waitFor(async () => {
      const named = await client.send(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main']);
      expect(named).not.toEqual(['127.0.0.1', `${this.primary.port}`]);
    }, inTime);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sentinel[Symbol.asyncDispose]();
    for (const { server, way } of this.replicas) {
      await way[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    }
    await this.primary[Symbol.asyncDispose]();
  }
}
