/** A real NATS server of the test, with JetStream, on a free port; it can be killed, restarted, stopped and made to age. */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type StreamAPI, type StreamConfig } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { ended, started } from '../programs/child.js';
import { freePort } from '../programs/free-port.js';
import { skipLoudly } from '../programs/missing.js';
import { pythonProgram } from '../programs/python.js';

/** Which a Python package brings. Debian's is old, and crashes now and then when a message is asked for. */
const program = pythonProgram('nats-server');
/** Debian's: 2.9. */
export const oldNatsProgram = '/usr/sbin/nats-server';
const maxAttempts = 5;
/** Shortest time for which a stream can know the ids of messages, in nanoseconds. */
const minWindowNs = 100_000_000;

/** Whether tests with it have to be left out. */
export function natsIsMissing(): boolean {
  const missing = [program, oldNatsProgram].filter((path) => !existsSync(path));
  if (missing.length === 0) return false;
  return skipLoudly('tests with NATS', `no ${missing.join(', ')}: scripts/install-system.sh installs it`);
}

export interface NatsServerOptions {
  /** Default: the new one. */
  readonly program?: string;
  /** Lines of its configuration beyond the usual. */
  readonly config?: readonly string[];
  /** Lines of what it says about JetStream. */
  readonly jetStream?: readonly string[];
  /** Default: any that is free. */
  readonly port?: number;
  /** What stands before the host in its address: `user:password@`. */
  readonly login?: string;
}

/** Disposing of it ends its process and removes its folder. */
export class NatsServer implements AsyncDisposable {
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(
    readonly port: number,
    /** Where it keeps its data, over restarts too. */
    readonly folder: string,
    private readonly options: NatsServerOptions,
  ) {}

  static start(options: NatsServerOptions = {}): Promise<NatsServer> {
    return started(options.port === undefined ? maxAttempts : 1, async () => {
      const port = options.port ?? (await freePort());
      const server = new NatsServer(port, await mkdtemp(join(tmpdir(), 'fanfare-nats-')), options);
      try {
        await server.startAgain();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        throw error;
      }
    });
  }

  get url(): string {
    return `nats://${this.options.login ?? ''}127.0.0.1:${this.port}`;
  }

  /** What it has said since it was started last. */
  get output(): string {
    return this.#output;
  }

  /** As if the machine had gone; what it has on disk stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it in the way that it is meant to be ended. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Starts it (again) on the same port, with what it has on disk. Resolves when it takes connections. */
  async startAgain(): Promise<void> {
    await this.kill();
    const file = join(this.folder, 'nats.conf');
    const lines = [
      `listen: "127.0.0.1:${this.port}"`,
      `jetstream { store_dir: "${join(this.folder, 'data')}"`,
      ...(this.options.jetStream ?? []),
      '}',
      ...(this.options.config ?? []),
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const child = spawn(this.options.program ?? program, ['-c', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#output = '';
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code, signal) => {
        const message = `nats-server has ended by itself (${code ?? signal}): ${this.#output.slice(-4_000)}`;
        if (this.#child === child) console.error(message);
        reject(new Error(message));
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          this.#output += text;
          if (this.#output.includes('Server is ready')) resolve();
        });
      }
    });
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await ended(child, signal);
  }

  /** Lets it stand still. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Removes what it has on disk; it must not be running. */
  async erase(): Promise<void> {
    await rm(join(this.folder, 'data'), { recursive: true, force: true });
  }

  /** A connection of the test's own. */
  async connection(): Promise<NatsConnection> {
    const [user, pass] = (this.options.login ?? '').replace('@', '').split(':');
    return connect({ servers: `127.0.0.1:${this.port}`, reconnect: false, ...(user && { user, pass: pass ?? '' }) });
  }

  /** Lets its streams forget ids of messages as if so much time had passed. */
  async ageDuplicates(prefix: string, ms: number): Promise<void> {
    const connection = await this.connection();
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    for await (const { config } of streams.list()) {
      if (!config.name.startsWith(`${prefix}_`)) continue;
      const leftNs = config.duplicate_window - ms * 1_000_000;
      if (leftNs > minWindowNs) await streams.update(config.name, { duplicate_window: leftNs });
      else await forgetAll(connection, streams, config);
    }
    await connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Resolves when a stream has forgotten the newest id, and so all others. */
async function forgetAll(
  connection: NatsConnection,
  streams: StreamAPI,
  { name, subjects }: StreamConfig,
): Promise<void> {
  const publish = (msgID: string) => {
    const subject = subjects[0]?.replace('*', '%aging') ?? '';
    return jetstream(connection).publish(subject, '', { msgID, expect: { streamName: name } });
  };
  await publish('aging');
  await streams.update(name, { duplicate_window: minWindowNs });
  // What is new makes a server look for what is old: with nothing but duplicates it has been seen not to, for half a minute.
  while ((await publish('aging')).duplicate) await publish(randomUUID());
}
