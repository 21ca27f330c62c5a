/**
 * A model of one RabbitMQ server: exchanges that compare keys as a whole, queues that live with a connection or survive a
 * restart, and stream queues that are read from any place. What a restart takes: queues that are not durable, messages
 * that are not persistent, and perhaps the newest records of streams.
 */

import type { BrokerPorts } from '../../../../src/brokers/ports.js';
import { RabbitmqBroker } from '../../../../src/brokers/rabbitmq/broker.js';
import type { Library } from '../../../../src/brokers/rabbitmq/client-library.js';
import type { Broker } from '../../../../src/engine/ports/broker.js';
import type { BrokerNet } from '../../network/broker-net.js';
import type { SimProcess } from '../../time/sim-process.js';
import type { BrokerServer, Loss, ServerPorts } from '../broker-server.js';
import { RabbitmqConnection } from './rabbitmq-client.js';

export interface AmqpMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: {
    readonly type?: string;
    readonly appId?: string;
    readonly headers?: Readonly<Record<string, unknown>>;
  };
}

export interface QueueOptions {
  readonly exclusive?: boolean;
  readonly durable?: boolean;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export interface Consumer {
  readonly tag: string;
  /** Of the connection that it ends with. */
  readonly owner: object;
  /** `null`: the queue is gone. Called on the server. */
  take(message: AmqpMessage | null): void;
}

interface Queue {
  readonly name: string;
  readonly owner: object | undefined;
  readonly isDurable: boolean;
  readonly isStream: boolean;
  readonly most: number;
  messages: AmqpMessage[];
  /** Of a stream: the place of the first message that is kept. */
  first: number;
  readonly consumers: Consumer[];
}

/** An error that ends the AMQP channel, with its code. */
export class AmqpError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export class RabbitmqServer implements BrokerServer {
  readonly kind = 'rabbitmq';
  readonly net: BrokerNet;
  readonly purposes = ['publishing', 'receiving', 'reading'];
  readonly losses: readonly Loss[] = ['none', 'some', 'all'];
  readonly keepsPresence = false;
  readonly hasMaps = false;
  #queues = new Map<string, Queue>();
  /** By exchange and key. */
  #bindings = new Map<string, Set<string>>();
  /** Lengths of streams as they are on disk. */
  #saved: Map<string, number> | undefined;

  constructor({ net }: ServerPorts) {
    this.net = net;
  }

  get numHeld(): number {
    let count = 0;
    for (const [place, names] of this.#bindings) if (place.startsWith('fanfare.publications\0')) count += names.size;
    return count;
  }

  broker(process: SimProcess, ports: BrokerPorts): Broker {
    // safe: the broker connects by it, and uses of the connection what the model has
    const library = { connect: () => RabbitmqConnection.open(process, this) } as unknown as Library;
    return new RabbitmqBroker('amqp://rabbitmq.sim', ports, async () => library);
  }

  beginLagging(): void {
    this.#saved = new Map(
      [...this.#queues.values()]
        .filter(({ isStream }) => isStream)
        .map(({ name, first, messages }) => [name, first + messages.length]),
    );
  }

  stop(loss: Loss): void {
    this.net.isDown = true;
    this.net.breakLines();
    if (loss === 'all') {
      this.#queues.clear();
      this.#bindings.clear();
    }
    for (const queue of this.#queues.values()) {
      if (!queue.isDurable) this.#queues.delete(queue.name);
      else if (!queue.isStream) queue.messages = [];
      else if (loss === 'some') queue.messages.length = Math.min(queue.messages.length, this.#kept(queue));
      queue.consumers.length = 0;
    }
    this.#saved = undefined;
    for (const names of this.#bindings.values())
      for (const name of names) if (!this.#queues.has(name)) names.delete(name);
  }

  start(): void {
    this.net.isDown = false;
  }

  /** The connection has ended. */
  gone(owner: object): void {
    for (const queue of this.#queues.values()) {
      const left = queue.consumers.filter((consumer) => consumer.owner !== owner);
      queue.consumers.splice(0, queue.consumers.length, ...left);
      if (queue.owner === owner) this.#delete(queue.name);
    }
  }

  /** @throws AmqpError if another connection has it for itself */
  assertQueue(
    name: string,
    options: QueueOptions,
    owner: object,
  ): { messageCount: number; consumerCount: number; queue: string } {
    const known = this.#queues.get(name);
    if (known !== undefined) {
      this.#assertOwn(known, owner);
      return this.checkQueue(name, owner);
    }
    const { exclusive = false, durable = true, arguments: given = {} } = options;
    this.#queues.set(name, {
      name,
      owner: exclusive ? owner : undefined,
      isDurable: durable && !exclusive,
      isStream: given['x-queue-type'] === 'stream',
      most: Number(given['x-max-length'] ?? Number.POSITIVE_INFINITY),
      messages: [],
      first: 0,
      consumers: [],
    });
    return this.checkQueue(name, owner);
  }

  /** @throws AmqpError if it is not there */
  checkQueue(name: string, owner: object): { messageCount: number; consumerCount: number; queue: string } {
    const queue = this.#queue(name, owner);
    return { queue: name, messageCount: queue.messages.length, consumerCount: queue.consumers.length };
  }

  deleteQueue(name: string): void {
    this.#delete(name);
  }

  bind(name: string, exchange: string, key: string, owner: object): void {
    this.#queue(name, owner);
    const place = placeOf(exchange, key);
    const bound = this.#bindings.get(place) ?? new Set<string>();
    this.#bindings.set(place, bound);
    bound.add(name);
  }

  unbind(name: string, exchange: string, key: string): void {
    this.#bindings.get(placeOf(exchange, key))?.delete(name);
  }

  /** Puts it into all queues that are bound. */
  publish(message: AmqpMessage): void {
    for (const name of this.#bindings.get(placeOf(message.exchange, message.routingKey)) ?? []) {
      const queue = this.#queues.get(name);
      if (queue !== undefined) this.#put(queue, message);
    }
  }

  /** @param from of a stream: `first`, `next` or a place. Absent: it is none */
  consume(name: string, consumer: Consumer, from: unknown): void {
    const queue = this.#queue(name, consumer.owner);
    queue.consumers.push(consumer);
    if (!queue.isStream) {
      for (const message of queue.messages.splice(0)) consumer.take(message);
      return;
    }
    const end = queue.first + queue.messages.length;
    const start = from === 'first' ? queue.first : from === 'next' ? end : Math.max(queue.first, Number(from));
    for (let at = start; at < end; at++) {
      const message = queue.messages[at - queue.first];
      if (message !== undefined) consumer.take(placed(message, at));
    }
    if (start > end) this.#waitFor(queue, consumer, start);
  }

  cancel(tag: string): void {
    for (const { consumers } of this.#queues.values()) {
      const index = consumers.findIndex((consumer) => consumer.tag === tag);
      if (index !== -1) consumers.splice(index, 1);
    }
  }

  /** A stream that is read from a place in the future delivers nothing until it gets there. */
  #waitFor(queue: Queue, consumer: Consumer, start: number): void {
    const index = queue.consumers.indexOf(consumer);
    queue.consumers[index] = {
      ...consumer,
      take: (message) => {
        const at = Number(message?.properties.headers?.['x-stream-offset']);
        if (message === null || at >= start) consumer.take(message);
      },
    };
  }

  #put(queue: Queue, message: AmqpMessage): void {
    if (queue.isStream) {
      const at = queue.first + queue.messages.length;
      queue.messages.push(message);
      for (const consumer of [...queue.consumers]) consumer.take(placed(message, at));
      return;
    }
    const [consumer] = queue.consumers;
    if (consumer !== undefined) {
      consumer.take(message);
      return;
    }
    queue.messages.push(message);
    if (queue.messages.length > queue.most) queue.messages.shift();
  }

  #kept({ name, first }: Queue): number {
    return Math.max(0, (this.#saved?.get(name) ?? Number.POSITIVE_INFINITY) - first);
  }

  #delete(name: string): void {
    const queue = this.#queues.get(name);
    if (queue === undefined) return;
    this.#queues.delete(name);
    for (const bound of this.#bindings.values()) bound.delete(name);
    for (const consumer of queue.consumers) consumer.take(null);
  }

  #queue(name: string, owner: object): Queue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new AmqpError(404, `NOT_FOUND - no queue '${name}'`);
    this.#assertOwn(queue, owner);
    return queue;
  }

  #assertOwn(queue: Queue, owner: object): void {
    if (queue.owner !== undefined && queue.owner !== owner) throw new AmqpError(405, 'RESOURCE_LOCKED');
  }
}

function placeOf(exchange: string, key: string): string {
  return `${exchange}\0${key}`;
}

function placed(message: AmqpMessage, at: number): AmqpMessage {
  const { properties } = message;
  return { ...message, properties: { ...properties, headers: { ...properties.headers, 'x-stream-offset': at } } };
}
