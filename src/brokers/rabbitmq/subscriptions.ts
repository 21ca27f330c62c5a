/** The channels that a node is subscribed to, across reconnects. */

import { withTimeLimit } from '../../engine/time/time-limit.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { FanfareError } from '../../model/fanfare-error.js';
import { brokerError, noConnection } from '../broker-error.js';
import { Echoes } from '../echoes.js';
import type { BrokerPorts } from '../ports.js';
import { type Call, TurnCalls } from '../turn-calls.js';
import type { Connection, Delivery } from './client-library.js';
import { type RabbitmqLink, rabbitmqLink } from './link.js';
import type { Names } from './names.js';
import type { FilledRabbitmqOptions } from './options.js';
import { rabbitmqStates } from './states.js';
import { numProbed, Subscriber } from './subscriber.js';

/** Usually a binding takes a tenth of this, if there are many and the server has nothing else to do. */
const maxBindMs = 3;

interface SubscriptionsPorts extends BrokerPorts {
  /** Name of the server, for people. */
  readonly name: string;
  readonly dial: () => Promise<Connection>;
  readonly names: Names;
  readonly options: FilledRabbitmqOptions;
  /** These must not throw. */
  readonly onPublication: (delivery: Delivery) => void;
  readonly onControl: (delivery: Delivery) => void;
  /** The server has dropped messages for this node. */
  readonly onOverflow: () => void;
  /** Messages may have been missed; from now on they arrive again. */
  readonly onInterrupted: () => void;
}

export class Subscriptions {
  readonly #link: RabbitmqLink<Subscriber>;
  /** Bound, or about to be. */
  readonly #wanted = new Set<ChannelName>();
  #controlKeys: readonly string[] = [];
  readonly #calls = new TurnCalls<ChannelName>((calls) => this.#subscribeAll(calls));
  readonly #echoes: Echoes;

  constructor(private readonly ports: SubscriptionsPorts) {
    this.#echoes = new Echoes({
      clock: ports.clock,
      name: ports.name,
      timeoutMs: ports.options.timeoutMs,
      times: numProbed,
      onLost: (reason) => this.#link.renew(reason),
    });
    this.#link = rabbitmqLink<Subscriber>(
      {
        name: ports.name,
        dial: ports.dial,
        open: (connection, fail) => this.#open(connection, fail),
        onAgain: ports.onInterrupted,
        timeoutMs: ports.options.timeoutMs,
        openTimeoutMs: () => this.#bindTimeoutMs(this.#wanted.size),
      },
      ports,
    );
  }

  start(): Promise<void> {
    return this.#link.start();
  }

  close(): void {
    this.#link.close();
    this.#wanted.clear();
    this.#calls.close();
  }

  has(channel: ChannelName): boolean {
    return this.#wanted.has(channel);
  }

  /** Resolves when later publications arrive. Calls of one turn are sent together. */
  subscribe(channel: ChannelName): Promise<void> {
    return this.#calls.add(channel);
  }

  /** Nothing is delivered after the call. */
  async unsubscribe(channel: ChannelName): Promise<void> {
    const { session } = this.#link;
    if (!this.#wanted.delete(channel) || session === undefined) return;
    await this.#answered(1, session.unbind(channel));
  }

  /** @throws FanfareError `ERR_BROKER` */
  async listen(keys: readonly string[]): Promise<void> {
    const { session } = this.#link;
    if (session === undefined) throw this.#unreachable();
    this.#controlKeys = keys;
    await this.#answered(keys.length, session.bindControl(keys));
  }

  /**
   * Resolves when a message of this node to itself has come through all of its queues.
   *
   * @param send with the routing key that leads to them
   * @throws FanfareError `ERR_BROKER`; Error if it does not arrive
   */
  async probe(send: (key: string, id: string) => Promise<void>): Promise<void> {
    const { session } = this.#link;
    if (session === undefined) throw this.#unreachable();
    await this.#echoes.next((id) => send(session.probeKey, id));
  }

  async #open(connection: Connection, fail: (reason: Error) => void): Promise<Subscriber> {
    const { names, options, onPublication, onControl, onOverflow } = this.ports;
    const subscriber = await Subscriber.open(
      connection,
      {
        ...options,
        clock: this.ports.clock,
        names,
        id: this.ports.random.id().replace(/[^\w-]/g, ''),
        events: { onPublication, onControl, onOverflow, onProbe: (id) => this.#echoes.arrived(id) },
      },
      fail,
    );
    const bound = [...this.#wanted];
    await Promise.all([subscriber.bind(bound), subscriber.bindControl(this.#controlKeys)]);
    // Unsubscribes from channels that were dropped meanwhile.
    for (const channel of bound) if (!this.#wanted.has(channel)) await subscriber.unbind(channel);
    return subscriber;
  }

  #subscribeAll(calls: readonly Call<ChannelName>[]): void {
    const { session } = this.#link;
    if (session === undefined) {
      for (const { reject } of calls) reject(this.#unreachable());
      return;
    }
    const fresh = new Set(calls.map(({ subject }) => subject).filter((channel) => !this.#wanted.has(channel)));
    for (const channel of fresh) this.#wanted.add(channel);
    this.#answered(fresh.size, session.bind([...fresh])).then(
      () => {
        for (const { resolve } of calls) resolve();
      },
      (error: unknown) => {
        for (const channel of fresh) this.#wanted.delete(channel);
        for (const { reject } of calls) reject(error);
      },
    );
  }

  /** @throws FanfareError `ERR_BROKER`, at the latest when the server takes too long */
  async #answered<T>(numBindings: number, work: Promise<T>): Promise<T> {
    try {
      return await withTimeLimit(this.ports.clock, this.#bindTimeoutMs(numBindings), this.ports.name, work);
    } catch (error) {
      throw brokerError('rabbitmq', error, rabbitmqStates);
    }
  }

  #bindTimeoutMs(numBindings: number): number {
    return this.ports.options.timeoutMs + numBindings * maxBindMs;
  }

  #unreachable(): FanfareError {
    return noConnection(this.ports.name, this.#link.reason, rabbitmqStates);
  }
}
