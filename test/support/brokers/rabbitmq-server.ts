/** A real RabbitMQ server of the test, on free ports, with a folder, a name and a port mapper of its own. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Channel, connect } from 'amqplib';
import { ended, ready, started } from '../programs/child.js';
import { freePort } from '../programs/free-port.js';
import { skipLoudly } from '../programs/missing.js';

const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const controlProgram = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const portMapper = '/usr/bin/epmd';
const maxAttempts = 3;
const acceptTimeoutMs = 30_000;

/** Whether tests with it have to be left out. */
export function rabbitmqIsMissing(): boolean {
  if (existsSync(program) && existsSync(portMapper)) return false;
  return skipLoudly('tests with RabbitMQ', `no ${program}: scripts/install-system.sh installs it`);
}

export interface RabbitmqServerOptions {
  /** Lines of its configuration beyond the usual. */
  readonly config?: readonly string[];
}

interface Ports {
  readonly amqp: number;
  readonly distribution: number;
  readonly portMapper: number;
}

/**
 * Takes some seconds to start: one for each file of tests. It can be killed, stopped and started again with what it has
 * stored, under the same address. Disposing of it ends its processes and removes its folder.
 */
export class RabbitmqServer implements AsyncDisposable {
  #server: ChildProcess | undefined;
  #mapper: ChildProcess | undefined;
  readonly #onExit = () => {
    for (const child of [this.#server, this.#mapper]) child?.kill('SIGKILL');
  };

  private constructor(
    private readonly folder: string,
    private readonly ports: Ports,
    private readonly config: readonly string[],
  ) {
    process.once('exit', this.#onExit);
  }

  static start({ config = [] }: RabbitmqServerOptions = {}): Promise<RabbitmqServer> {
    return started(maxAttempts, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'fanfare-rabbitmq-'));
      const [amqp, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
      const server = new RabbitmqServer(folder, { amqp, distribution, portMapper: mapper }, config);
      try {
        await server.startAgain();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        throw error;
      }
    });
  }

  get port(): number {
    return this.ports.amqp;
  }

  /** With the user that may come from this machine alone. */
  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  /** The process, for signals. */
  get pid(): number | undefined {
    return this.#server?.pid;
  }

  /** As if the machine had gone; what is on its disk stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** In good order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Stands still: connections stay, and nothing answers. */
  pause(): void {
    this.#server?.kill('SIGSTOP');
  }

  resume(): void {
    this.#server?.kill('SIGCONT');
  }

  /** A connection of the test's own. */
  async client(): Promise<{ readonly channel: Channel } & AsyncDisposable> {
    const connection = await connect(this.url);
    connection.on('error', () => undefined);
    const channel = await connection.createChannel();
    return {
      channel,
      async [Symbol.asyncDispose]() {
        await connection.close();
      },
    };
  }

  /** A command of `rabbitmqctl`. Slow: it starts a virtual machine of its own. */
  async control(...command: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(controlProgram, ['--node', this.#name, ...command], {
      env: this.#environment(),
    });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#onExit);
    await this.kill();
    await ended(this.#mapper, 'SIGKILL');
    this.#mapper = undefined;
    await rm(this.folder, { recursive: true, force: true });
  }

  /** After {@link kill} or {@link stop}, with what it has on its disk. */
  async startAgain(): Promise<void> {
    const { folder, ports } = this;
    const file = join(folder, 'rabbitmq.conf');
    const lines = [`listeners.tcp.1 = 127.0.0.1:${ports.amqp}`, 'disk_free_limit.absolute = 10MB', ...this.config];
    await writeFile(file, `${lines.join('\n')}\n`);
    await writeFile(join(folder, 'enabled_plugins'), '[].\n');
    const env = {
      ...this.#environment(),
      RABBITMQ_DIST_PORT: `${ports.distribution}`,
      RABBITMQ_CONFIG_FILE: file,
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_FEATURE_FLAGS_FILE: join(folder, 'feature_flags'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}',
      // The script then becomes the server instead of watching over it: one process to send signals to.
      detached: 'true',
    };
    // Its own: the one that the server starts by itself would outlive it, and serve others.
    this.#mapper ??= spawn(portMapper, ['-port', `${ports.portMapper}`], { env, stdio: 'ignore' });
    const server = spawn(program, [], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#server = server;
    await ready(server, /completed with \d+ plugins/);
    await acceptsConnections(ports.amqp);
  }

  get #name(): string {
    return `fanfare-${this.port}@localhost`;
  }

  /** What the server and the program that speaks to it agree on. */
  #environment() {
    return {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      HOME: this.folder,
      ERL_EPMD_PORT: `${this.ports.portMapper}`,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: this.#name,
      RABBITMQ_CONF_ENV_FILE: join(this.folder, 'none'),
    };
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await ended(this.#server, signal);
    this.#server = undefined;
  }
}

/** It says that it is complete a moment before. */
async function acceptsConnections(port: number): Promise<void> {
  const limit = AbortSignal.timeout(acceptTimeoutMs);
  for (;;) {
    const socket = createConnection({ host: '127.0.0.1', port });
    try {
      await once(socket, 'connect', { signal: limit });
      return;
    } catch (error) {
      if (limit.aborted) throw error;
      await new Promise(setImmediate);
    } finally {
      socket.destroy();
    }
  }
}
