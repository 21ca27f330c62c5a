/** A real Redis server of the test, on a free port, whose time the test can let pass. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
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

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    for (let attempt = 1; ; attempt++) {
      const started = await RedisServer.#tryStart(options);
      if (started instanceof RedisServer) return started;
      if (attempt === maxAttempts || options.port !== undefined) throw new Error(`redis-server has ended: ${started}`);
    }
  }

  static async #tryStart(options: RedisServerOptions): Promise<RedisServer | string> {
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
    let output = '';
    const server = new RedisServer(port, child, folder, options.folder === undefined);
    const isReady = await new Promise<boolean>((resolve) => {
      child.once('exit', () => resolve(false));
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          if (output.includes(isSentinel ? '+monitor' : 'Ready to accept connections')) resolve(true);
        });
      }
    });
    if (isReady) return server;
    await server[Symbol.asyncDispose]();
    return output;
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
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.ownsFolder) await rm(this.folder, { recursive: true, force: true });
  }
}
