/** The channels that a node wants to hear, over connections that come and go. */

import { withTimeLimit } from '../../engine/time/time-limit.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { brokerError, noConnection } from '../broker-error.js';
import type { BrokerPorts } from '../ports.js';
import type { Connection, Delivery } from './client-library.js';
import { type RabbitmqLink, rabbitmqLink } from './link.js';
import type { Names } from './names.js';
import type { FilledRabbitmqOptions } from './options.js';
import { rabbitmqStates } from './states.js';
import { numProbed, Subscriber } from './subscriber.js';

/** A binding takes a tenth of it, when there are many and the server has nothing else to do. */
const maxBindMs = 3;

interface SubscriptionsPorts extends BrokerPorts {
  /** For people. */
  readonly name: string;
  readonly dial: () => Promise<Connection>;
  readonly names: Names;
  readonly options: FilledRabbitmqOptions;
  /** These must not throw. */
  readonly onPublication: (delivery: Delivery) => void;
  readonly onControl: (delivery: Delivery) => void;
  /** The server has dropped something for this node. */
  readonly onOverflow: () => void;
  /** Nothing was heard for a while, and everything is again. */
  readonly onInterrupted: () => void;
}

/** A message of the node's own that is on its way. */
interface Probe {
  readonly id: string;
  /** Where to send it. */
  readonly key: string;
  readonly arrived: Promise<void>;
  forget(): void;
}

interface Waiting {
  readonly channel: ChannelName;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Subscriptions {
  readonly #ports: SubscriptionsPorts;
  readonly #link: RabbitmqLink<Subscriber>;
  /** Bound, or about to be. */
  readonly #wanted = new Set<ChannelName>();
  #controlKeys: readonly string[] = [];
  #waiting: Waiting[] = [];
  #probes = 0;
  readonly #probing = new Map<string, () => void>();

  constructor(ports: SubscriptionsPorts) {
    this.#ports = ports;
    this.#link = rabbitmqLink<Subscriber>(
      {
        name: ports.name,
        dial: ports.dial,
        open: (connection, fail) => this.#open(connection, fail),
        onUp: (isAgain) => {
          if (isAgain) ports.onInterrupted();
        },
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
    for (const { reject } of this.#waiting) reject(new FanfareError('ERR_CLOSED', 'the broker is closed'));
    this.#waiting = [];
  }

  has(channel: ChannelName): boolean {
    return this.#wanted.has(channel);
  }

  /** Gives the connection up and makes another. */
  renew(reason: string): void {
    this.#link.renew(reason);
  }

  /** Resolves when what is published from then on arrives. Those of one turn go out together. */
  subscribe(channel: ChannelName): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ channel, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#subscribeWaiting());
    });
  }

  /** Nothing is delivered from the call on. */
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

  /** @throws FanfareError `ERR_BROKER` */
  probe(): Probe {
    const { session } = this.#link;
    if (session === undefined) throw this.#unreachable();
    const id = `${++this.#probes}`;
    let left = numProbed;
    const arrived = new Promise<void>((resolve) => {
      this.#probing.set(id, () => {
        left--;
        if (left === 0) resolve();
      });
    });
    return { id, key: session.probeKey, arrived, forget: () => void this.#probing.delete(id) };
  }

  async #open(connection: Connection, fail: (reason: Error) => void): Promise<Subscriber> {
    const { names, options, onPublication, onControl, onOverflow } = this.#ports;
    const subscriber = await Subscriber.open(
      connection,
      {
        ...options,
        names,
        id: this.#ports.random.id().replace(/[^\w-]/g, ''),
        events: { onPublication, onControl, onOverflow, onProbe: (id) => this.#probing.get(id)?.() },
      },
      fail,
    );
    const bound = [...this.#wanted];
    await Promise.all([subscriber.bind(bound), subscriber.bindControl(this.#controlKeys)]);
    // What nobody wants any more since then is left to nobody.
    for (const channel of bound) if (!this.#wanted.has(channel)) await subscriber.unbind(channel);
    return subscriber;
  }

  #subscribeWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const { session } = this.#link;
    if (session === undefined) {
      for (const { reject } of waiting) reject(this.#unreachable());
      return;
    }
    const fresh = new Set(waiting.map(({ channel }) => channel).filter((channel) => !this.#wanted.has(channel)));
    for (const channel of fresh) this.#wanted.add(channel);
    this.#answered(fresh.size, session.bind([...fresh])).then(
      () => {
        for (const { resolve } of waiting) resolve();
      },
      (error: unknown) => {
        for (const channel of fresh) this.#wanted.delete(channel);
        for (const { reject } of waiting) reject(error);
      },
    );
  }

  /** @throws FanfareError `ERR_BROKER`, at the latest when the server takes too long */
  async #answered<T>(numBindings: number, work: Promise<T>): Promise<T> {
    try {
      return await withTimeLimit(this.#ports.clock, this.#bindTimeoutMs(numBindings), this.#ports.name, work);
    } catch (error) {
      throw brokerError('rabbitmq', error, rabbitmqStates);
    }
  }

  #bindTimeoutMs(numBindings: number): number {
    return this.#ports.options.timeoutMs + numBindings * maxBindMs;
  }

  #unreachable(): FanfareError {
    return noConnection(this.#ports.name, this.#link.reason, rabbitmqStates);
  }
}
