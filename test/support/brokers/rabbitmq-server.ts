/** A real RabbitMQ server of the test, on free ports, with a folder, a name and a port mapper of its own. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Channel, connect } from 'amqplib';
import { freePort } from '../programs/free-port.js';
import { areMissing } from '../programs/missing.js';
import { ended, type Launch, started, TestServer } from '../programs/test-server.js';

const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const controlProgram = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const portMapper = '/usr/bin/epmd';
const acceptTimeoutMs = 30_000;

/** Whether tests with it have to be left out. */
export function rabbitmqIsMissing(): boolean {
  return areMissing('RabbitMQ', program, portMapper);
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

/** Takes some seconds to start: one for each file of tests. */
export class RabbitmqServer extends TestServer {
  #mapper: ChildProcess | undefined;
  readonly #onExit = () => {
    this.signal('SIGKILL');
    this.#mapper?.kill('SIGKILL');
  };

  private constructor(
    private readonly ports: Ports,
    private readonly config: readonly string[],
  ) {
    super();
    process.once('exit', this.#onExit);
  }

  static start({ config = [] }: RabbitmqServerOptions = {}): Promise<RabbitmqServer> {
    return started(async () => {
      const [amqp, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
      return new RabbitmqServer({ amqp, distribution, portMapper: mapper }, config);
    }, 3);
  }

  get port(): number {
    return this.ports.amqp;
  }

  /** With the user that may come from this machine alone. */
  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  /** Of all its starts: it says little but in its log. */
  override get output(): string {
    const file = join(this.folder, 'log', `${this.#name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : super.output;
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

  override async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#onExit);
    await super[Symbol.asyncDispose]();
    if (this.#mapper !== undefined) await ended(this.#mapper, 'SIGKILL');
  }

  override async startAgain(): Promise<void> {
    await super.startAgain();
    await acceptsConnections(this.port);
  }

  protected override async launch(): Promise<Launch> {
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
    return { path: program, args: [], env, isReady: /completed with \d+ plugins/ };
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
