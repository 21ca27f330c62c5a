/**
 * A model of one Redis server behind an address: keys, functions that run in one step, pub/sub at most once, fail-over to
 * a replica that is behind, and the names by which the server tells one life of its data from the next.
 */

import { createHash } from 'node:crypto';
import type { BrokerPorts } from '../../../../src/brokers/ports.js';
import { RedisBroker } from '../../../../src/brokers/redis/broker.js';
import type { Library } from '../../../../src/brokers/redis/client-library.js';
import type { Broker } from '../../../../src/engine/ports/broker.js';
import type { BrokerNet } from '../../network/broker-net.js';
import type { SimProcess } from '../../time/sim-process.js';
import type { BrokerServer, Fate, Loss, ServerPorts } from '../broker-server.js';
import { Meddled } from '../meddled.js';
import { Keyspace, type Snapshot } from './keyspace.js';
import { LuaMachine, type LuaRunner } from './lua/machine.js';
import { RedisClient } from './redis-client.js';
import { type Reply, Status } from './reply.js';

/** Of one connection. */
export interface RedisPeer {
  message(bus: string, text: string): void;
}

const noId = '0'.repeat(40);
/** Translates each function once for all servers of this process. */
let shared: LuaMachine | undefined;

export class RedisServer implements BrokerServer {
  readonly kind = 'redis';
  readonly net: BrokerNet;
  readonly purposes = ['commands', 'subscriptions'];
  readonly losses: readonly Loss[] = ['none', 'some', 'all'];
  readonly keepsPresence = true;
  readonly hasMaps = true;
  readonly fates: Fate[] = [];
  readonly #random: ServerPorts['random'];
  readonly #machine: LuaRunner;
  readonly #keys: Keyspace;
  readonly #scripts = new Map<string, string>();
  readonly #shas = new Map<string, string>();
  readonly #subscribers = new Map<string, Map<RedisPeer, Meddled>>();
  #replica: Snapshot | undefined;
  #runId: string;
  #replId: string;
  #formerReplId = noId;
  #bytesGiven = 0;
  /** What INFO says of all that, until it changes. */
  #said: string | undefined;

  constructor({ net, random, lua }: ServerPorts) {
    this.net = net;
    this.#random = random;
    const { server } = net;
    this.#keys = new Keyspace(() => Math.floor(server.nowMs()));
    this.#runId = this.#newId();
    this.#replId = this.#newId();
    shared ??= new LuaMachine();
    this.#machine = lua ?? shared;
  }

  get numHeld(): number {
    let count = 0;
    for (const [bus, peers] of this.#subscribers) if (bus.includes(':bus:') && !bus.includes('%-')) count += peers.size;
    return count;
  }

  broker(process: SimProcess, ports: BrokerPorts): Broker {
    // safe: the broker makes clients of it, and uses of these what the model has
    const library = { createClient: () => new RedisClient(process, this) } as unknown as Library;
    return new RedisBroker('redis://redis.sim', ports, async () => library);
  }

  beginLagging(): void {
    this.#replica = this.#keys.snapshot();
  }

  stop(loss: Loss): void {
    this.net.isDown = true;
    this.net.breakLines();
    this.#subscribers.clear();
    this.#scripts.clear();
    const former = this.#replId;
    if (loss === 'all') this.#keys.clear();
    else if (loss === 'some' && this.#replica !== undefined) this.#keys.restore(this.#replica);
    this.#replica = undefined;
    this.#runId = this.#newId();
    this.#replId = this.#newId();
    // A replica that is promoted remembers whom it followed, and what it was given; a server that starts has no such past.
    this.#formerReplId = loss === 'some' ? former : noId;
    this.#bytesGiven = loss === 'some' ? this.#bytesGiven + 1_000 : 0;
    this.#said = undefined;
  }

  start(): void {
    this.net.isDown = false;
  }

  wipe(): void {
    this.#keys.clear();
  }

  /** The first replica has come, or the last one has long been gone: the server takes another name for the same data, and has no former one. */
  takeReplica(): void {
    this.#replId = this.#newId();
    this.#formerReplId = noId;
    this.#said = undefined;
  }

  /** @returns its name, by which it can be run until the server ends */
  load(source: string): string {
    const sha = this.#shas.get(source) ?? createHash('sha1').update(source).digest('hex');
    this.#shas.set(source, sha);
    this.#scripts.set(sha, source);
    return sha;
  }

  subscribe(peer: RedisPeer, buses: readonly string[]): void {
    for (const bus of buses) {
      const peers = this.#subscribers.get(bus) ?? new Map<RedisPeer, Meddled>();
      this.#subscribers.set(bus, peers);
      if (!peers.has(peer)) peers.set(peer, new Meddled(this.fates));
    }
  }

  unsubscribe(peer: RedisPeer, buses: readonly string[]): void {
    for (const bus of buses) this.#subscribers.get(bus)?.delete(peer);
  }

  gone(peer: RedisPeer): void {
    for (const peers of this.#subscribers.values()) peers.delete(peer);
  }

  run(command: readonly string[]): Reply {
    const [name = '', second = '', third = ''] = command;
    switch (name) {
      case 'PING':
        return new Status('PONG');
      case 'INFO':
        return this.#info();
      case 'EVALSHA': {
        const source = this.#scripts.get(second);
        return source === undefined
          ? new Error('NOSCRIPT No matching script. Please use EVAL.')
          : this.#eval(source, third, command.slice(3));
      }
      case 'EVAL':
        return this.#eval(second, third, command.slice(3));
      default:
        return this.#simple(command);
    }
  }

  #eval(source: string, numKeys: string, rest: readonly string[]): Reply {
    const [keys, args] = [rest.slice(0, Number(numKeys)), rest.slice(Number(numKeys))];
    return this.#machine.run(source, keys, args, this.#inFunction);
  }

  readonly #inFunction = (command: readonly string[]): Reply =>
    command[0] === 'INFO' ? this.#info() : this.#simple(command);

  #simple(command: readonly string[]): Reply {
    const [name, bus = '', text = ''] = command;
    if (name === 'SPUBLISH') return this.#publish(bus, text);
    if (name === 'TIME') return this.#time();
    try {
      const reply = this.#keys.run(command);
      return reply === undefined ? new Error(`ERR unknown command '${name}'`) : reply;
    } catch (error) {
      if (error instanceof Error) return error;
      throw error;
    }
  }

  #publish(bus: string, text: string): Reply {
    const peers = this.#subscribers.get(bus);
    for (const [peer, meddled] of peers ?? []) meddled.pass(bus, () => peer.message(bus, text));
    return peers?.size ?? 0;
  }

  #time(): Reply {
    const nowMs = this.#keys.now;
    return [String(Math.floor(nowMs / 1_000)), String((nowMs % 1_000) * 1_000)];
  }

  #info(): string {
    this.#said ??= this.#newInfo();
    return this.#said;
  }

  #newInfo(): string {
    const fields = {
      role: 'master',
      master_replid: this.#replId,
      master_replid2: this.#formerReplId,
      run_id: this.#runId,
      total_net_repl_input_bytes: this.#bytesGiven,
    };
    return Object.entries(fields)
      .map(([name, value]) => `${name}:${value}\r\n`)
      .join('');
  }

  #newId(): string {
    return Array.from({ length: 40 }, () => this.#random.below(16).toString(16)).join('');
  }
}
