/** Subscriptions on one Redis server, which are made again after a reconnect; those of one turn share a command. */

import { noConnection } from '../broker-error.js';
import type { BrokerPorts } from '../ports.js';
import { type Call, TurnCalls } from '../turn-calls.js';
import type { Client } from './client-library.js';
import type { Dialer } from './dialer.js';
import { isNoPrimary, redirectOf, redisError } from './failures.js';
import { type RedisLink, redisLink } from './link.js';
import { redisStates } from './states.js';

export interface SubscriptionsOptions {
  /** Name of the server, for people. */
  readonly name: string;
  readonly dialer: Dialer;
  readonly timeoutMs: number;
  /** A pub/sub channel that only this node subscribes to, at all times. */
  readonly probeBus: string;
  /** Receives messages of a bus channel. Must not throw. */
  readonly onMessage: (bus: string, message: string) => void;
  /** These were interrupted, and work again. */
  readonly onInterrupted: (buses: readonly string[]) => void;
  /** In a cluster: bus channels of different groups cannot be in one command. */
  readonly groupOf?: (bus: string) => number;
  /** In a cluster: another server has these now, and they were unsubscribed here. */
  readonly onStrayed?: (buses: readonly string[]) => void;
}

/** Bus channels in one command. */
const subscribeBatch = 512;

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #link: RedisLink;
  /** Current and pending subscriptions, with their groups. */
  readonly #wanted = new Map<string, number>();
  #probeBus: string;
  /** What the newest connection was given when it was set up. */
  #given: readonly string[] = [];
  readonly #calls = new TurnCalls<string>((calls) => this.#subscribeAll(calls));
  readonly #listener = (message: string, bus: string) => {
    if (this.#wanted.has(bus) || bus === this.#probeBus) this.#options.onMessage(bus, message);
  };

  constructor(options: SubscriptionsOptions, ports: BrokerPorts) {
    this.#options = options;
    this.#probeBus = options.probeBus;
    const { name, dialer, timeoutMs } = options;
    this.#link = redisLink(
      {
        name: `subscriptions of ${name}`,
        dialer,
        timeoutMs,
        setUp: (client) => this.#setUp(client),
        onAgain: () => this.#again(),
      },
      ports,
    );
  }

  get link(): RedisLink {
    return this.#link;
  }

  get probeBus(): string {
    return this.#probeBus;
  }

  has(bus: string): boolean {
    return this.#wanted.has(bus);
  }

  close(): void {
    this.#link.close();
    this.#wanted.clear();
    this.#calls.close();
  }

  /** Resolves when later publications arrive. @throws FanfareError `ERR_BROKER` */
  subscribe(bus: string): Promise<void> {
    return this.#calls.add(bus);
  }

  /** @throws FanfareError `ERR_BROKER` */
  async unsubscribe(bus: string): Promise<void> {
    const client = this.#link.session?.client;
    if (!this.#wanted.delete(bus) || client === undefined) return;
    await this.#translated(() => client.sUnsubscribe(bus, this.#listener));
  }

  /** Drops the subscriptions of groups that belong to other servers. @returns them */
  release(belongsElsewhere: (group: number) => boolean): string[] {
    const released: string[] = [];
    for (const [bus, group] of this.#wanted) if (belongsElsewhere(group)) released.push(bus);
    // A failure ends the connection.
    for (const bus of released) this.unsubscribe(bus).catch(() => undefined);
    return released;
  }

  /** Replaces the probe's bus channel. */
  probeThrough(bus: string): void {
    const client = this.#link.session?.client;
    const previous = this.#probeBus;
    if (bus === previous) return;
    this.#probeBus = bus;
    // The next probe notices a failure.
    client?.sUnsubscribe(previous, this.#listener).catch(() => undefined);
    client?.sSubscribe(bus, this.#listener).catch(() => undefined);
  }

  async #setUp(client: Client): Promise<void> {
    const { dialer, onStrayed } = this.#options;
    // The client ignores this message while it waits for an answer, and closes the connection during a subscribe (6.3):
    // hence `release`, which follows the servers' slots.
    client.on('sharded-channel-moved', (bus: string) => this.#stray([bus]));
    await dialer.verify(client);
    this.#given = [this.#probeBus, ...this.#wanted.keys()];
    await Promise.all(
      this.#grouped(this.#given, (bus) => bus).map(async (buses) => {
        try {
          await this.#listen(client, buses);
        } catch (error) {
          if (onStrayed === undefined || redirectOf(error) === undefined) throw error;
          this.#stray(buses);
        }
      }),
    );
  }

  /** Takes back what nobody has wanted any more since the connection was set up, when it could not be told. */
  #again(): void {
    const client = this.#link.session?.client;
    const isWanted = (bus: string) => bus === this.#probeBus || this.#wanted.has(bus);
    // A failure ends the connection.
    for (const bus of this.#given) {
      if (!isWanted(bus)) client?.sUnsubscribe(bus, this.#listener).catch(() => undefined);
    }
    if (!this.#given.includes(this.#probeBus))
      client?.sSubscribe(this.#probeBus, this.#listener).catch(() => undefined);
    this.#given = [];
    this.#options.onInterrupted([...this.#wanted.keys()]);
  }

  #stray(buses: readonly string[]): void {
    this.#options.onStrayed?.(buses.filter((bus) => this.#wanted.delete(bus)));
  }

  #subscribeAll(calls: readonly Call<string>[]): void {
    const client = this.#link.session?.client;
    if (client === undefined) {
      const error = noConnection(this.#options.name, this.#link.reason, redisStates);
      for (const { reject } of calls) reject(error);
      return;
    }
    for (const group of this.#grouped(calls, ({ subject }) => subject)) void this.#subscribeGroup(client, group);
  }

  async #subscribeGroup(client: Client, calls: readonly Call<string>[]): Promise<void> {
    const buses = new Set(calls.map(({ subject }) => subject).filter((bus) => !this.#wanted.has(bus)));
    for (const bus of buses) this.#wanted.set(bus, this.#groupOf(bus));
    try {
      await this.#translated(() => this.#listen(client, [...buses]));
      for (const { resolve } of calls) resolve();
    } catch (error) {
      for (const bus of buses) this.#wanted.delete(bus);
      for (const { reject } of calls) reject(error);
    }
  }

  async #listen(client: Client, buses: readonly string[]): Promise<void> {
    const batches: Promise<void>[] = [];
    for (let i = 0; i < buses.length; i += subscribeBatch) {
      batches.push(client.sSubscribe(buses.slice(i, i + subscribeBatch), this.#listener));
    }
    await Promise.all(batches);
  }

  #groupOf(bus: string): number {
    return this.#options.groupOf?.(bus) ?? 0;
  }

  #grouped<T>(items: readonly T[], busOf: (item: T) => string): T[][] {
    const groups = new Map<number, T[]>();
    for (const item of items) {
      const group = this.#groupOf(busOf(item));
      const known = groups.get(group);
      if (known === undefined) groups.set(group, [item]);
      else known.push(item);
    }
    return [...groups.values()];
  }

  async #translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isNoPrimary(error)) this.#link.renew('the server is not a primary');
      throw redisError(error);
    }
  }
}
