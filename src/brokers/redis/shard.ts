/** One Redis server, or what stands for one: a link for functions, another for what is published, and who listens. */

import { withTimeLimit } from '../../engine/time-limit.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Client } from './client-library.js';
import type { Dialer } from './dialer.js';
import { Link, type LinkPorts } from './link.js';
import type { Script, Scripts } from './script.js';

export interface ShardOptions {
  /** For people. */
  readonly name: string;
  readonly dialer: Dialer;
  readonly scripts: Scripts;
  /** A pub/sub channel of this server's that only this node listens to. */
  readonly probeBus: string;
  readonly timeoutMs: number;
  /** Commands that may wait for an answer; further ones are refused at once. */
  readonly maxInFlight: number;
  /** Gets what is published on a bus channel. Must not throw. */
  readonly onMessage: (bus: string, message: string) => void;
  /** These were not listened to for a while, and are again. */
  readonly onInterrupted: (buses: readonly string[]) => void;
}

/** Bus channels in one command. */
const subscribeBatch = 512;

interface Waiting {
  readonly bus: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Shard {
  readonly #options: ShardOptions;
  readonly #ports: LinkPorts;
  readonly #commands: Link;
  readonly #subscriptions: Link;
  /** Listened to, or about to be. */
  readonly #wanted = new Set<string>();
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #probes = 0;
  readonly #probing = new Map<string, () => void>();
  readonly #listener = (message: string, bus: string) => {
    if (bus === this.#options.probeBus) this.#probing.get(message)?.();
    else this.#options.onMessage(bus, message);
  };

  constructor(options: ShardOptions, ports: LinkPorts) {
    this.#options = options;
    this.#ports = ports;
    const { name, dialer, timeoutMs } = options;
    const dial = () => dialer.dial();
    this.#commands = new Link(
      { name: `commands of ${name}`, dial, timeoutMs, setUp: (client) => this.#load(client) },
      ports,
    );
    this.#subscriptions = new Link(
      {
        name: `subscriptions of ${name}`,
        dial,
        timeoutMs,
        setUp: async (client) => {
          await dialer.verify(client);
          await this.#listen(client, [options.probeBus, ...this.#wanted]);
        },
        onUp: (isAgain) => {
          if (isAgain) options.onInterrupted([...this.#wanted]);
        },
      },
      ports,
    );
  }

  get name(): string {
    return this.#options.name;
  }

  /** @throws FanfareError `ERR_CONFIG`, `ERR_BROKER` */
  async start(): Promise<void> {
    try {
      await Promise.all([this.#commands.start(), this.#subscriptions.start()]);
    } catch (error) {
      this.close();
      throw brokerError(error);
    }
  }

  close(): void {
    this.#commands.close();
    this.#subscriptions.close();
    this.#wanted.clear();
    for (const { reject } of this.#waiting) reject(new FanfareError('ERR_CLOSED', 'the broker is closed'));
    this.#waiting = [];
  }

  /** Runs a function. @throws FanfareError `ERR_BROKER` */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [`${keys.length}`, ...keys, ...args];
    return this.#answered(async (client) => {
      try {
        return await client.sendCommand(['EVALSHA', script.sha, ...rest]);
      } catch (error) {
        // Somebody has flushed the server's functions; every link loads them when it is made.
        if (!startsWith(error, 'NOSCRIPT')) throw error;
        return await client.sendCommand(['EVAL', script.source, ...rest]);
      }
    });
  }

  /** Runs a command of Redis. @throws FanfareError `ERR_BROKER` */
  async send(command: readonly string[]): Promise<unknown> {
    return this.#answered((client) => client.sendCommand([...command]));
  }

  /** Resolves when what is published from then on arrives. Those of one turn go out together. */
  subscribe(bus: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bus, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#subscribeWaiting());
    });
  }

  async unsubscribe(bus: string): Promise<void> {
    const { client } = this.#subscriptions;
    if (!this.#wanted.delete(bus) || client === undefined) return;
    await this.#translated(client, () => client.sUnsubscribe(bus, this.#listener));
  }

  /**
   * Resolves when a message has made its way from one link through the server to the other. What was published before
   * has arrived by then.
   */
  async probe(): Promise<void> {
    const id = `${++this.#probes}`;
    try {
      const arrived = new Promise<void>((resolve) => this.#probing.set(id, resolve));
      await this.send(['SPUBLISH', this.#options.probeBus, id]);
      const { timeoutMs, name } = this.#options;
      await withTimeLimit(this.#ports.clock, timeoutMs, `probe of ${name}`, arrived);
    } catch (error) {
      // It took the message and has not brought it: the connection lives, and the subscription does not (G10).
      if (!(error instanceof FanfareError)) this.#subscriptions.renew('nothing arrives through it');
      throw brokerError(error);
    } finally {
      this.#probing.delete(id);
    }
  }

  #subscribeWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const { client } = this.#subscriptions;
    if (client === undefined) {
      for (const { reject } of waiting) reject(this.#unreachable());
      return;
    }
    const fresh = waiting.filter(({ bus }) => !this.#wanted.has(bus));
    const buses = new Set(fresh.map(({ bus }) => bus));
    for (const bus of buses) this.#wanted.add(bus);
    this.#translated(client, () => this.#listen(client, [...buses])).then(
      () => {
        for (const { resolve } of waiting) resolve();
      },
      (error: unknown) => {
        for (const bus of buses) this.#wanted.delete(bus);
        for (const { reject } of waiting) reject(error);
      },
    );
  }

  async #listen(client: Client, buses: readonly string[]): Promise<void> {
    const batches: Promise<void>[] = [];
    for (let i = 0; i < buses.length; i += subscribeBatch) {
      batches.push(client.sSubscribe(buses.slice(i, i + subscribeBatch), this.#listener));
    }
    await Promise.all(batches);
  }

  async #load(client: Client): Promise<void> {
    const { scripts, dialer } = this.#options;
    await dialer.verify(client);
    await Promise.all(Object.values(scripts).map(({ source }: Script) => client.scriptLoad(source)));
  }

  async #answered(work: (client: Client) => Promise<unknown>): Promise<unknown> {
    const { client } = this.#commands;
    if (client === undefined) throw this.#unreachable();
    const { maxInFlight, name } = this.#options;
    if (this.#inFlight >= maxInFlight) {
      throw new FanfareError('ERR_BROKER', `more than ${maxInFlight} commands wait for ${name}`);
    }
    this.#inFlight++;
    try {
      return await this.#translated(client, () => work(client));
    } finally {
      this.#inFlight--;
    }
  }

  async #translated<T>(client: Client, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // It takes no writes: it was a primary once, or is not one yet. Whoever is one now is found by dialling anew.
      if (['READONLY', 'MASTERDOWN', 'LOADING'].some((code) => startsWith(error, code))) {
        if (this.#commands.client === client) this.#commands.renew('the server is no primary');
        this.#subscriptions.renew('the server is no primary');
      }
      throw brokerError(error);
    }
  }

  #unreachable(): FanfareError {
    return new FanfareError('ERR_BROKER', `no connection to ${this.#options.name}`);
  }
}

function brokerError(error: unknown): FanfareError {
  if (error instanceof FanfareError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new FanfareError('ERR_BROKER', `redis has failed: ${message}`, { cause: error });
}

function startsWith(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
