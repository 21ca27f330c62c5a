/** A real Redis Cluster of the test, on free ports: three primaries, each with a replica if asked for. */

import { vi } from 'vitest';
import { slotOf } from '../../../src/brokers/redis/slots.js';
import { freePort } from '../programs/free-port.js';
import { RedisServer } from './redis-server.js';

const numSlots = 16_384;
const numPrimaries = 3;
const untilStarted = { timeout: 40_000, interval: 100 };

export interface RedisClusterOptions {
  /** Each primary has one. Default: none. */
  readonly withReplicas?: boolean;
  /** Silence after which a server is taken for dead, in milliseconds. Default: 2,000. */
  readonly nodeTimeoutMs?: number;
  /** Default: that of Redis. */
  readonly program?: string;
}

interface Member {
  readonly server: RedisServer;
  readonly busPort: number;
  readonly id: string;
}

/** Disposing of it ends all processes. */
export class RedisCluster implements AsyncDisposable {
  private constructor(private readonly members: readonly Member[]) {}

  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { withReplicas = false } = options;
    const count = withReplicas ? 2 * numPrimaries : numPrimaries;
    const members: Member[] = [];
    for (let n = 0; n < count; n++) members.push(await started(options));
    const cluster = new RedisCluster(members);
    try {
      await cluster.#form();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  get servers(): readonly RedisServer[] {
    return this.members.map(({ server }) => server);
  }

  get primaries(): readonly RedisServer[] {
    return this.servers.slice(0, numPrimaries);
  }

  /** Names two of its servers, and one that is not there. */
  get url(): string {
    const [one, two] = this.servers;
    return `redis+cluster://127.0.0.1:1,127.0.0.1:${one?.port},127.0.0.1:${two?.port}`;
  }

  /** Which of the first primaries has been given the slot of a name. */
  primaryOf(name: string): RedisServer {
    return this.#member(Math.floor((slotOf(name) * numPrimaries) / numSlots)).server;
  }

  /** The one that was given to one of the first primaries. */
  replicaOf(primary: RedisServer): RedisServer {
    return this.#member(numPrimaries + this.servers.indexOf(primary)).server;
  }

  /** A channel's name that begins so and is on one of the first primaries. */
  nameOn(primary: RedisServer, prefix: string): string {
    for (let n = 0; ; n++) if (this.primaryOf(`${prefix}${n}`) === primary) return `${prefix}${n}`;
  }

  /** Lets time pass on all of them, as {@link RedisServer.advance} does. */
  async advance(ms: number): Promise<void> {
    await Promise.all(this.primaries.map((server) => server.advance(ms)));
  }

  /** Moves the slot of a name from one server to another, in the steps in which tools do it. */
  async moveSlot(name: string, from: RedisServer, to: RedisServer, whileOpen = async () => {}): Promise<void> {
    const slot = `${slotOf(name)}`;
    const idOf = (server: RedisServer) => this.members.find((member) => member.server === server)?.id ?? '';
    await using source = await from.client();
    await using target = await to.client();
    await target.send(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', idOf(from)]);
    await source.send(['CLUSTER', 'SETSLOT', slot, 'MIGRATING', idOf(to)]);
    await whileOpen();
    for (;;) {
      // safe: what the command answers with
      const keys = (await source.send(['CLUSTER', 'GETKEYSINSLOT', slot, '100'])) as string[];
      if (keys.length === 0) break;
      await source.send(['MIGRATE', '127.0.0.1', `${to.port}`, '', '0', '5000', 'KEYS', ...keys]);
    }
    for (const server of [to, from, ...this.primaries.filter((other) => other !== from && other !== to)]) {
      await using client = await server.client();
      await client.send(['CLUSTER', 'SETSLOT', slot, 'NODE', idOf(to)]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }

  async #form(): Promise<void> {
    const { server: first, busPort } = this.#member(0);
    for (const [n, { server }] of this.members.entries()) {
      await using client = await server.client();
      await client.send(['CLUSTER', 'SET-CONFIG-EPOCH', `${n + 1}`]);
      if (n < numPrimaries) {
        const [from, to] = [n, n + 1].map((part) => Math.ceil((part * numSlots) / numPrimaries));
        await client.send(['CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${(to ?? 0) - 1}`]);
      }
      if (n > 0) await client.send(['CLUSTER', 'MEET', '127.0.0.1', `${first.port}`, `${busPort}`]);
    }
    await this.#agreed('cluster_known_nodes', this.members.length);
    for (const [n, { server }] of this.members.slice(numPrimaries).entries()) {
      await using client = await server.client();
      await client.send(['CLUSTER', 'REPLICATE', this.#member(n).id]);
      await vi.waitFor(async () => {
        if (!String(await client.send(['INFO', 'replication'])).includes('master_link_status:up')) throw new Error();
      }, untilStarted);
    }
    await this.#agreed('cluster_state', 'ok');
  }

  /** Until all of them say so. */
  async #agreed(figure: string, value: string | number): Promise<void> {
    for (const { server } of this.members) {
      await using client = await server.client();
      await vi.waitFor(async () => {
        const info = String(await client.send(['CLUSTER', 'INFO']));
        if (!info.includes(`${figure}:${value}\r\n`)) throw new Error(`${figure} is not ${value}:\n${info}`);
      }, untilStarted);
    }
  }

  #member(n: number): Member {
    const member = this.members[n];
    if (member === undefined) throw new Error(`the cluster has no server ${n}`);
    return member;
  }
}

async function started({ nodeTimeoutMs = 2_000, program }: RedisClusterOptions): Promise<Member> {
  const busPort = await freePort();
  const server = await RedisServer.start({
    program,
    config: [
      'cluster-enabled yes',
      `cluster-port ${busPort}`,
      `cluster-node-timeout ${nodeTimeoutMs}`,
      'repl-diskless-sync-delay 0',
      // Otherwise all of them refuse everything while one is being replaced.
      'cluster-require-full-coverage no',
    ],
  });
  await using client = await server.client();
  return { server, busPort, id: String(await client.send(['CLUSTER', 'MYID'])) };
}
