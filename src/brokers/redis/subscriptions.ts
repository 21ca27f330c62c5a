/** What is listened to on one Redis server: all of it again after each reconnection, those of one turn in one command. */

import { FanfareError } from '../../model/fanfare-error.js';
import { noConnection } from '../broker-error.js';
import type { BrokerPorts } from '../ports.js';
import type { Client } from './client-library.js';
import type { Dialer } from './dialer.js';
import { isNoPrimary, redirectOf, redisError } from './failures.js';
import { type RedisLink, redisLink } from './link.js';
import { redisStates } from './states.js';

export interface SubscriptionsOptions {
  /** For people. */
  readonly name: string;
  readonly dialer: Dialer;
  readonly timeoutMs: number;
  /** A pub/sub channel that only this node listens to, and always does. */
  readonly probeBus: string;
  /** Gets what is published on a bus channel. Must not throw. */
  readonly onMessage: (bus: string, message: string) => void;
  /** These were not listened to for a while, and are again. */
  readonly onInterrupted: (buses: readonly string[]) => void;
  /** In a cluster: bus channels of different groups cannot be in one command. */
  readonly groupOf?: (bus: string) => number;
  /** In a cluster: another server has these now, and they are not listened to any more. */
  readonly onStrayed?: (buses: readonly string[]) => void;
}

/** Bus channels in one command. */
const subscribeBatch = 512;

interface Waiting {
  readonly bus: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #link: RedisLink;
  /** Listened to, or about to be, with their groups. */
  readonly #wanted = new Map<string, number>();
  #probeBus: string;
  #waiting: Waiting[] = [];
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
        onUp: (isAgain) => {
          if (isAgain) options.onInterrupted([...this.#wanted.keys()]);
        },
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
    for (const { reject } of this.#waiting) reject(new FanfareError('ERR_CLOSED', 'the broker is closed'));
    this.#waiting = [];
  }

  /** Resolves when what is published from then on arrives. @throws FanfareError `ERR_BROKER` */
  subscribe(bus: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bus, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#subscribeWaiting());
    });
  }

  /** @throws FanfareError `ERR_BROKER` */
  async unsubscribe(bus: string): Promise<void> {
    const client = this.#link.session?.client;
    if (!this.#wanted.delete(bus) || client === undefined) return;
    await this.#translated(() => client.sUnsubscribe(bus, this.#listener));
  }

  /** Listens no more to those of groups that belong elsewhere. @returns them */
  release(belongsElsewhere: (group: number) => boolean): string[] {
    const released: string[] = [];
    for (const [bus, group] of this.#wanted) if (belongsElsewhere(group)) released.push(bus);
    // What fails here ends with the connection.
    for (const bus of released) this.unsubscribe(bus).catch(() => undefined);
    return released;
  }

  /** From now on this is the bus channel that only this node listens to. */
  probeThrough(bus: string): void {
    const client = this.#link.session?.client;
    const previous = this.#probeBus;
    if (bus === previous) return;
    this.#probeBus = bus;
    // What fails here is noticed by the next probe.
    client?.sUnsubscribe(previous, this.#listener).catch(() => undefined);
    client?.sSubscribe(bus, this.#listener).catch(() => undefined);
  }

  async #setUp(client: Client): Promise<void> {
    const { dialer, onStrayed } = this.#options;
    // The client overlooks this word of the server's while it waits for an answer, and with subscribing under way it breaks
    // the connection (6.3): hence `release`, by what the servers say of their slots.
    client.on('sharded-channel-moved', (bus: string) => this.#stray([bus]));
    await dialer.verify(client);
    await Promise.all(
      this.#grouped([this.#probeBus, ...this.#wanted.keys()], (bus) => bus).map(async (buses) => {
        try {
          await this.#listen(client, buses);
        } catch (error) {
          if (onStrayed === undefined || redirectOf(error) === undefined) throw error;
          this.#stray(buses);
        }
      }),
    );
  }

  #stray(buses: readonly string[]): void {
    const wanted = buses.filter((bus) => this.#wanted.delete(bus));
    this.#options.onStrayed?.(wanted);
  }

  #subscribeWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const client = this.#link.session?.client;
    if (client === undefined) {
      const error = noConnection(this.#options.name, this.#link.reason, redisStates);
      for (const { reject } of waiting) reject(error);
      return;
    }
    for (const group of this.#grouped(waiting, ({ bus }) => bus)) void this.#subscribeGroup(client, group);
  }

  async #subscribeGroup(client: Client, waiting: readonly Waiting[]): Promise<void> {
    const buses = new Set(waiting.map(({ bus }) => bus).filter((bus) => !this.#wanted.has(bus)));
    for (const bus of buses) this.#wanted.set(bus, this.#groupOf(bus));
    try {
      await this.#translated(() => this.#listen(client, [...buses]));
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const bus of buses) this.#wanted.delete(bus);
      for (const { reject } of waiting) reject(error);
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
      if (isNoPrimary(error)) this.#link.renew('the server is no primary');
      throw redisError(error);
    }
  }
}
