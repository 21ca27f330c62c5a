/** Receives messages for a node: its queues at the server, which live as long as one connection, and their bindings. */

import { hashOf } from '../../engine/cluster/seats/name-hash.js';
import type { Clock } from '../../engine/ports/clock.js';
import type { Session } from '../link.js';
import { Acknowledgements } from './acknowledgements.js';
import type { Connection, Delivery, Lane } from './client-library.js';
import type { Names } from './names.js';

interface SubscriberEvents {
  /** A message of an exchange, with its routing key. Must not throw. */
  onPublication(delivery: Delivery): void;
  onControl(delivery: Delivery): void;
  /** The node's own message to {@link Subscriber.probeKey}, once through each of {@link numProbed} queues. */
  onProbe(content: string): void;
  /** The node was too slow, and the server has dropped the oldest of its messages. */
  onOverflow(): void;
}

interface SubscriberOptions {
  readonly clock: Clock;
  readonly names: Names;
  /** Unique among connections. */
  readonly id: string;
  readonly prefetch: number;
  readonly maxQueueLength: number;
  readonly maxQueueBytes: number;
  readonly events: SubscriberEvents;
}

/** Queues that a probe goes through. */
export const numProbed = 2;

/** AMQP channels that bind concurrently, since each processes its calls one by one. */
const numBinders = 8;
/** Notices of dropped messages that the server keeps; one would be enough. */
const maxNotices = 10;

export class Subscriber implements Session {
  readonly probeKey: string;
  readonly #queues: ReturnType<Names['queues']>;

  private constructor(
    private readonly lane: Lane,
    private readonly binders: readonly Lane[],
    private readonly options: SubscriberOptions,
  ) {
    this.#queues = options.names.queues(options.id);
    this.probeKey = options.names.probe(options.id);
  }

  static async open(
    connection: Connection,
    options: SubscriberOptions,
    fail: (reason: Error) => void,
  ): Promise<Subscriber> {
    const lanes = await Promise.all(Array.from({ length: numBinders + 1 }, () => connection.createChannel()));
    for (const lane of lanes) {
      lane.on('error', fail);
      lane.on('close', () => fail(new Error('the server has ended the conversation')));
    }
    const [lane, ...binders] = lanes;
    if (lane === undefined) throw new Error('one more than the binders was opened');
    const subscriber = new Subscriber(lane, binders, options);
    await subscriber.#declare();
    await subscriber.#consume(fail);
    return subscriber;
  }

  async ping(): Promise<void> {
    await this.lane.checkQueue(this.#queues.publications);
  }

  end(): void {
    // The queues end with the connection.
  }

  /** Resolves when publications with these keys arrive. */
  async bind(keys: readonly string[]): Promise<void> {
    const { names } = this.options;
    await Promise.all(
      keys.map((key) => this.#binderOf(key).bindQueue(this.#queues.publications, names.publications, key)),
    );
  }

  async unbind(key: string): Promise<void> {
    await this.#binderOf(key).unbindQueue(this.#queues.publications, this.options.names.publications, key);
  }

  /** Resolves when messages of nodes with these keys arrive. */
  async bindControl(keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.lane.bindQueue(this.#queues.control, this.options.names.nodes, key);
  }

  async #declare(): Promise<void> {
    const { names, id, maxQueueLength, maxQueueBytes } = this.options;
    const own = { exclusive: true, autoDelete: true, durable: false };
    const bounds = { 'x-max-length-bytes': maxQueueBytes, 'x-overflow': 'drop-head' };
    for (const exchange of [names.publications, names.nodes]) {
      await this.lane.assertExchange(exchange, 'direct', { durable: true });
    }
    await this.lane.assertQueue(this.#queues.lost, { ...own, arguments: { ...bounds, 'x-max-length': maxNotices } });
    await this.lane.bindQueue(this.#queues.lost, names.nodes, names.lost(id));
    await this.lane.assertQueue(this.#queues.publications, {
      ...own,
      arguments: {
        ...bounds,
        'x-max-length': maxQueueLength,
        // The server does not report dropped messages, but can forward them (dead-lettering).
        'x-dead-letter-exchange': names.nodes,
        'x-dead-letter-routing-key': names.lost(id),
      },
    });
    await this.lane.assertQueue(this.#queues.control, {
      ...own,
      arguments: { ...bounds, 'x-max-length': maxQueueLength },
    });
    for (const queue of [this.#queues.publications, this.#queues.control]) {
      await this.lane.bindQueue(queue, names.nodes, this.probeKey);
    }
  }

  async #consume(fail: (reason: Error) => void): Promise<void> {
    const { events, names, prefetch } = this.options;
    await this.lane.prefetch(prefetch);
    const from = async (queue: string, noAck: boolean, take: (delivery: Delivery) => void) => {
      await this.lane.consume(
        queue,
        (delivery) => {
          // The queue was deleted, or its server has left the cluster.
          if (delivery === null) fail(new Error('the queue is gone'));
          else take(delivery);
        },
        { noAck, exclusive: true },
      );
    };
    const acknowledgements = new Acknowledgements(this.lane, this.options.clock);
    await from(this.#queues.lost, true, () => events.onOverflow());
    for (const [queue, take] of [
      [this.#queues.publications, events.onPublication],
      [this.#queues.control, events.onControl],
    ] as const) {
      await from(queue, false, (delivery) => {
        const { exchange, routingKey } = delivery.fields;
        if (exchange === names.nodes && routingKey === this.probeKey) events.onProbe(delivery.content.toString());
        else take.call(events, delivery);
        acknowledgements.add(delivery);
      });
    }
  }

  /** The same for the same key, so that its calls stay in order. */
  #binderOf(key: string): Lane {
    return this.binders[hashOf(key) % this.binders.length] ?? this.lane;
  }
}
