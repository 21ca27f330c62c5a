/** Three nodes as processes, each with a memory of its own unless its arguments say otherwise. */

import { FanfareProcess } from '../cli/fanfare-process.js';

const nodeArgs = [
  ...['--port', '0', '--anonymous', '--trust-proxies', '127.0.0.1', '--transports-sse'],
  ...[
    '--channels',
    '{"news":{"subscribe":"anyone","publish":"anyone","presence":true,"history":{"size":100,"ttl":"10m"}}}',
    '--shutdown-deadline',
    '6s',
  ],
];

export interface FleetNode {
  readonly process: FanfareProcess;
  readonly port: number;
}

export class Fleet implements AsyncDisposable {
  private constructor(readonly nodes: readonly FleetNode[]) {}

  static async start(args: readonly string[] = []): Promise<Fleet> {
    const processes = Array.from({ length: 3 }, () => new FanfareProcess([...nodeArgs, ...args]));
    const nodes = processes.map(async (process) => ({
      process,
      port: Number(new URL(await process.listening()).port),
    }));
    return new Fleet(await Promise.all(nodes));
  }

  get nodePorts(): readonly number[] {
    return this.nodes.map(({ port }) => port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(({ process }) => process[Symbol.asyncDispose]()));
  }
}
