/** A real Redis server of the test, or one of its kind, on a free port, whose time the test can let pass. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { freePort } from '../programs/free-port.js';
import { areMissing } from '../programs/missing.js';
import { pythonProgram } from '../programs/python.js';
import { type Launch, started, TestServer } from '../programs/test-server.js';

export interface RedisKind {
  readonly kind: string;
  readonly program: string;
}

export const redis7: RedisKind = { kind: 'Redis 7', program: '/usr/bin/redis-server' };
/** A newer one than Debian's, which a Python package brings; and so is Valkey. */
export const redis8: RedisKind = { kind: 'Redis 8', program: pythonProgram('redis8-server') };
export const valkey: RedisKind = { kind: 'Valkey', program: pythonProgram('valkey-server') };

const agingFunction = `#!lua flags=allow-oom,allow-cross-slot-keys
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if redis.call('TYPE', key).ok == 'zset' and not string.find(key, ':order:', 1, true) then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      redis.call('ZINCRBY', key, -ARGV[1], member)
    end
  end
  if left >= 0 then
    redis.call('PEXPIRE', key, math.max(0, left - ARGV[1]))
  end
end
`;

/** Whether tests with it have to be left out. */
export function redisIsMissing({ kind, program } = redis7): boolean {
  return areMissing(kind, program);
}

export interface RedisServerOptions {
  /** Lines of its configuration beyond the usual. */
  readonly config?: readonly string[];
  /** Default: any that is free. */
  readonly port?: number;
  /** Watches over other servers instead of keeping data. */
  readonly isSentinel?: boolean;
  /** Default: that of Redis 7. */
  readonly program?: string | undefined;
}

export class RedisServer extends TestServer {
  #config: readonly string[];

  private constructor(
    readonly port: number,
    private readonly options: RedisServerOptions,
  ) {
    super();
    this.#config = options.config ?? [];
  }

  static start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const { port } = options;
    return started(async () => new RedisServer(port ?? (await freePort()), options), port === undefined ? 5 : 1);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /**
   * Lets time pass for all that it holds: each time-to-live is shorter by so much, and what is told to expire at a time,
   * in a sorted set, is told an earlier one; that of a map's order has no times. Its clock itself cannot be moved: libfaketime and its allocator clash.
   */
  async advance(ms: number): Promise<void> {
    await using client = await this.client();
    await client.send(['EVAL', agingFunction, '0', `${ms}`]);
  }

  /** A client of the test's own. */
  async client(): Promise<{ send(command: readonly string[]): Promise<unknown> } & AsyncDisposable> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined);
    await client.connect();
    return {
      send: (command) => client.sendCommand([...command]),
      async [Symbol.asyncDispose]() {
        client.destroy();
      },
    };
  }

  /** @param config lines of its configuration from now on; default: those that it had */
  override startAgain(config = this.#config): Promise<void> {
    this.#config = config;
    return super.startAgain();
  }

  protected override async launch(): Promise<Launch> {
    const { isSentinel = false, program = redis7.program } = this.options;
    const file = join(this.folder, 'redis.conf');
    const lines = [`port ${this.port}`, 'bind 127.0.0.1', `dir ${this.folder}`, ...this.#config];
    if (!isSentinel) lines.push('save ""');
    await writeFile(file, `${lines.join('\n')}\n`);
    return {
      path: program,
      args: isSentinel ? [file, '--sentinel'] : [file],
      isReady: isSentinel ? /\+monitor/ : /Ready to accept connections/,
    };
  }
}
