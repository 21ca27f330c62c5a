/** A real Redis server of the test, on a free port, whose time the test can let pass. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { ended, ready, started } from '../programs/child.js';
import { freePort } from '../programs/free-port.js';
import { skipLoudly } from '../programs/missing.js';
import { pythonProgram } from '../programs/python.js';

const redisProgram = '/usr/bin/redis-server';
const maxAttempts = 5;
/** A newer one than Debian's, which a Python package brings. */
export const redis8Program = pythonProgram('redis8-server');

const agingFunction = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if redis.call('TYPE', key).ok == 'zset' then
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
export function redisIsMissing(): boolean {
  return isMissing(redisProgram);
}

export function redis8IsMissing(): boolean {
  return isMissing(redis8Program);
}

function isMissing(program: string): boolean {
  if (existsSync(program)) return false;
  return skipLoudly('tests with Redis', `no ${program}: scripts/install-system.sh installs it`);
}

export interface RedisServerOptions {
  /** Lines of its configuration beyond the usual. */
  readonly config?: readonly string[];
  /** Default: any that is free. */
  readonly port?: number;
  /** Where it keeps its data. Default: a folder that goes with it. */
  readonly folder?: string;
  /** Watches over other servers instead of keeping data. */
  readonly isSentinel?: boolean;
  /** Default: that of Redis. */
  readonly program?: string;
}

/** Disposing of it ends its process and removes its folder. */
export class RedisServer implements AsyncDisposable {
  private constructor(
    readonly port: number,
    readonly child: ChildProcess,
    readonly folder: string,
    private readonly ownsFolder: boolean,
  ) {}

  static start(options: RedisServerOptions = {}): Promise<RedisServer> {
    return started(options.port === undefined ? maxAttempts : 1, () => RedisServer.#start(options));
  }

  static async #start(options: RedisServerOptions): Promise<RedisServer> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'fanfare-redis-')));
    const port = options.port ?? (await freePort());
    const file = join(folder, 'redis.conf');
    const isSentinel = options.isSentinel === true;
    const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...(options.config ?? [])];
    if (!isSentinel) lines.push('save ""');
    await writeFile(file, `${lines.join('\n')}\n`);
    const child = spawn(options.program ?? redisProgram, [file, ...(isSentinel ? ['--sentinel'] : [])], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new RedisServer(port, child, folder, options.folder === undefined);
    try {
      await ready(child, isSentinel ? /\+monitor/ : /Ready to accept connections/);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /**
   * Lets time pass for all that it holds: each time-to-live is shorter by so much, and what is told to expire at a time,
   * in a sorted set, is told an earlier one. Its clock itself cannot be moved: libfaketime and its allocator clash.
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

  /** As if the machine had gone. */
  async kill(): Promise<void> {
    await ended(this.child, 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.ownsFolder) await rm(this.folder, { recursive: true, force: true });
  }
}
