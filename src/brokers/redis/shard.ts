/** One Redis server, or one behind sentinels: a link for functions, another for publications. */

import type { KeptKinds, Published } from '../../engine/ports/broker.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { noConnection } from '../broker-error.js';
import { Echoes } from '../echoes.js';
import type { BrokerPorts } from '../ports.js';
import type { Client } from './client-library.js';
import { isNoPrimary, redisError, startsWith } from './failures.js';
import type { Keys } from './keys.js';
import { type RedisLink, redisLink } from './link.js';
import { type OutgoingPublication, publishAll } from './publish-command.js';
import { PublishQueue } from './publish-queue.js';
import type { Route } from './route.js';
import type { Script, Scripts } from './script.js';
import { redisStates } from './states.js';
import { Subscriptions, type SubscriptionsOptions } from './subscriptions.js';

export interface ShardOptions extends SubscriptionsOptions {
  readonly scripts: Scripts;
  readonly keys: Keys;
  /** Commands that may wait for an answer; further ones are refused at once. */
  readonly maxInFlight: number;
}

export interface Sending {
  /** The server is taking over the slot, and another one has redirected the command to it (ASK). */
  readonly isAsking?: boolean;
}

/** Publications in one command, during which other commands wait for about a millisecond. */
const maxPublishBatch = 128;
/** Expires soon in case the node is gone. */
const probeLimits = { size: 1, ttlMs: 60_000, placeTtlMs: 60_000 };
const probeTtlMs = '60000';
const probeOnceMs = 2_000;

export class Shard implements Route {
  readonly #options: ShardOptions;
  readonly #ports: BrokerPorts;
  readonly #commands: RedisLink;
  readonly #subscriptions: Subscriptions;
  readonly #publications: PublishQueue;
  #inFlight = 0;
  #kept = 0;
  #isSilentServer = false;
  readonly #echoes: Echoes;

  constructor(options: ShardOptions, ports: BrokerPorts) {
    this.#options = options;
    this.#ports = ports;
    const { name, dialer, timeoutMs } = options;
    this.#commands = redisLink(
      { name: `commands of ${name}`, dialer, timeoutMs, setUp: (client) => this.#load(client) },
      ports,
    );
    const onMessage = (bus: string, message: string) => {
      if (bus === this.#subscriptions.probeBus) this.#echoes.arrived(message);
      else options.onMessage(bus, message);
    };
    this.#subscriptions = new Subscriptions({ ...options, onMessage }, ports);
    this.#echoes = new Echoes({
      clock: ports.clock,
      name,
      timeoutMs,
      onLost: (reason) => this.#subscriptions.link.renew(reason),
    });
    this.#publications = new PublishQueue({
      publish: (batch) => this.publishNow(batch),
      maxUnanswered: options.maxInFlight,
      maxBatch: maxPublishBatch,
    });
  }

  get name(): string {
    return this.#options.name;
  }

  get isUp(): boolean {
    return this.#commands.session !== undefined && this.#subscriptions.link.session !== undefined;
  }

  get subscriptions(): Pick<Subscriptions, 'has' | 'release' | 'probeThrough' | 'probeBus'> {
    return this.#subscriptions;
  }

  /** @throws FanfareError `ERR_CONFIG`, `ERR_BROKER` */
  async start(): Promise<void> {
    try {
      await Promise.all([this.#commands.start(), this.#subscriptions.link.start()]);
    } catch (error) {
      this.close();
      throw redisError(error);
    }
  }

  /** Connects, however long it takes. Resolves when the server has been reached for the first time. */
  async open(): Promise<void> {
    await Promise.all([this.#commands.open(), this.#subscriptions.link.open()]);
  }

  close(): void {
    this.#commands.close();
    this.#subscriptions.close();
  }

  /** Runs a function. @throws FanfareError `ERR_BROKER` */
  async run(script: Script, keys: readonly string[], args: readonly string[], sending: Sending = {}): Promise<unknown> {
    const rest = [`${keys.length}`, ...keys, ...args];
    return this.#answered(async (client) => {
      try {
        return await sent(client, ['EVALSHA', script.sha, ...rest], sending);
      } catch (error) {
        // The server's functions were flushed; every new link loads them.
        if (!startsWith(error, 'NOSCRIPT')) throw error;
        return await sent(client, ['EVAL', script.source, ...rest], sending);
      }
    });
  }

  /** Runs a command of Redis. @throws FanfareError `ERR_BROKER` */
  async send(command: readonly string[], sending: Sending = {}): Promise<unknown> {
    return this.#answered((client) => sent(client, [...command], sending));
  }

  /** Publications of one turn are sent together. */
  publish(publication: OutgoingPublication): Promise<Published> {
    return this.#publications.add(publication);
  }

  /** Publishes as one command, at once. */
  async publishNow(
    publications: readonly OutgoingPublication[],
    { onceTtlMs, ...sending }: Sending & { readonly onceTtlMs?: number } = {},
  ): Promise<readonly (Published | FanfareError)[]> {
    const client = this.#commands.session?.client;
    const way = {
      run: (script: Script, keys: readonly string[], args: readonly string[]) => this.run(script, keys, args, sending),
      send: (command: readonly string[]) => this.send(command, sending),
    };
    try {
      const outcomes = await publishAll(way, this.#options.scripts.publish, publications, onceTtlMs);
      if (outcomes.some(isNoPrimary)) this.#leave(client);
      return outcomes;
    } catch (error) {
      if (isNoPrimary(error)) this.#leave(client);
      throw error;
    }
  }

  /** Resolves when later publications arrive. Calls of one turn are sent together. */
  subscribe(bus: string): Promise<void> {
    return this.#subscriptions.subscribe(bus);
  }

  unsubscribe(bus: string): Promise<void> {
    return this.#subscriptions.unsubscribe(bus);
  }

  /** Resolves when a message has arrived from one link through the server at the other, after earlier publications. */
  async probe(): Promise<void> {
    try {
      await this.#echoes.next((id) => {
        this.#publications.flush();
        return Promise.all([this.#assertPrimary(), this.send(['SPUBLISH', this.#subscriptions.probeBus, id])]);
      });
    } catch (error) {
      throw redisError(error);
    }
  }

  /**
   * Resolves when the server has stored a publication, as publishing with history does, and a present client.
   *
   * @throws FanfareError `ERR_BROKER`
   */
  async probeKeeping({ history, presence }: KeptKinds): Promise<void> {
    const { keys, scripts } = this.#options;
    const { probeBus } = this.#subscriptions;
    const probed = keys.probed(probeBus);
    const count = `${++this.#kept}`;
    if (history) {
      const kept = { placeKey: probed.place, streamKey: probed.stream, newEpoch: 'probe', ...probeLimits };
      // A new key each time, since otherwise the publication would be a duplicate.
      await this.publishNow([{ bus: probeBus, text: `0:${count}`, kept, onceKey: `${probed.once}${count}` }], {
        onceTtlMs: probeOnceMs,
      });
    }
    // A new text each time, since a renewal takes no memory and is not refused when the memory is full.
    if (presence) await this.run(scripts.presenceAdd, probed.presence, ['probe', `0:${count}`, probeTtlMs]);
  }

  /** In a cluster the primaries are known by their slots. @throws FanfareError `ERR_BROKER` if it is not a primary */
  async #assertPrimary(): Promise<void> {
    if (this.#options.groupOf !== undefined || this.#isSilentServer) return;
    const info = String(await this.send(['INFO', 'replication']));
    if (/^role:slave/m.test(info)) throw this.#noPrimary();
  }

  #noPrimary(): FanfareError {
    const client = this.#commands.session?.client;
    this.#leave(client);
    return redisError(new Error('READONLY the server calls itself a replica'));
  }

  async #load(client: Client): Promise<void> {
    const { scripts, dialer } = this.#options;
    await dialer.verify(client);
    await Promise.all(Object.values(scripts).map(({ source }: Script) => client.scriptLoad(source)));
    await this.#lookAt(client);
  }

  /** Some servers do not support or permit the question for the role. */
  async #lookAt(client: Client): Promise<void> {
    const wasSilent = this.#isSilentServer;
    try {
      await client.sendCommand(['INFO', 'replication']);
      this.#isSilentServer = false;
    } catch (error) {
      if (!startsWith(error, 'NOPERM') && !startsWith(error, 'ERR unknown command')) throw error;
      this.#isSilentServer = true;
      if (wasSilent) return;
      const text = 'redis does not say what it is (INFO): a fail-over that takes publications back is not noticed';
      this.#ports.log.warn({ err: redisError(error), link: this.#options.name }, text);
    }
  }

  async #answered(work: (client: Client) => Promise<unknown>): Promise<unknown> {
    const client = this.#commands.session?.client;
    const { maxInFlight, name } = this.#options;
    if (client === undefined) throw noConnection(name, this.#commands.reason, redisStates);
    if (this.#inFlight >= maxInFlight) {
      throw new FanfareError('ERR_BROKER', `more than ${maxInFlight} commands wait for ${name}`);
    }
    this.#inFlight++;
    try {
      return await work(client);
    } catch (error) {
      if (isNoPrimary(error)) this.#leave(client);
      throw redisError(error);
    } finally {
      this.#inFlight--;
    }
  }

  /** The server accepts no writes: dialling again finds the current primary. */
  #leave(client: Client | undefined): void {
    if (client === undefined || this.#commands.session?.client !== client) return;
    this.#commands.renew('the server is not a primary');
    this.#subscriptions.link.renew('the server is not a primary');
  }
}

/** Sends ASKING and the command together, so that nothing comes between them. */
async function sent(client: Client, command: readonly string[], { isAsking }: Sending): Promise<unknown> {
  if (isAsking !== true) return client.sendCommand([...command]);
  const [, answer] = await Promise.all([client.sendCommand(['ASKING']), client.sendCommand([...command])]);
  return answer;
}
