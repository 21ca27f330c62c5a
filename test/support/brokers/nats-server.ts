/** A real NATS server of the test, with JetStream, on a free port; it can be killed, restarted, stopped and made to age. */

import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type StreamAPI, type StreamConfig } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { freePort } from '../programs/free-port.js';
import { areMissing } from '../programs/missing.js';
import { pythonProgram } from '../programs/python.js';
import { type Launch, started, TestServer } from '../programs/test-server.js';

/** Which a Python package brings. Debian's is old, and crashes now and then when a message is asked for. */
const program = pythonProgram('nats-server');
/** Debian's: 2.9. */
export const oldNatsProgram = '/usr/sbin/nats-server';
/** Shortest time for which a stream can know the ids of messages, in nanoseconds. */
const minWindowNs = 100_000_000;

/** Whether tests with it have to be left out. */
export function natsIsMissing(): boolean {
  return areMissing('NATS', program, oldNatsProgram);
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

export class NatsServer extends TestServer {
  private constructor(
    readonly port: number,
    private readonly options: NatsServerOptions,
  ) {
    super();
  }

  static start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const { port } = options;
    return started(async () => new NatsServer(port ?? (await freePort()), options), port === undefined ? 5 : 1);
  }

  get url(): string {
    return `nats://${this.options.login ?? ''}127.0.0.1:${this.port}`;
  }

  protected override async launch(): Promise<Launch> {
    const file = join(this.folder, 'nats.conf');
    const lines = [
      `listen: "127.0.0.1:${this.port}"`,
      `jetstream { store_dir: "${join(this.folder, 'data')}"`,
      ...(this.options.jetStream ?? []),
      '}',
      ...(this.options.config ?? []),
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return { path: this.options.program ?? program, args: ['-c', file], isReady: /Server is ready/ };
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
      // Maps have none: what they know of keys are messages, which say when they were stored.
      if (config.name.startsWith(`${prefix}_maps_`)) continue;
      const leftNs = config.duplicate_window - ms * 1_000_000;
      if (leftNs > minWindowNs) await streams.update(config.name, { duplicate_window: leftNs });
      else await forgetAll(connection, streams, config);
    }
    await connection.close();
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
