/** What the RabbitMQ broker uses of `amqplib`, over a simulated connection. */

import { EventEmitter } from 'node:events';
import type { BrokerLine } from '../../network/broker-net.js';
import type { SimProcess } from '../../time/sim-process.js';
import { AmqpError, type AmqpMessage, type QueueOptions, type RabbitmqServer } from './rabbitmq-server.js';

interface Delivery {
  readonly fields: { readonly exchange: string; readonly routingKey: string; readonly deliveryTag: number };
  readonly properties: AmqpMessage['properties'];
  readonly content: Buffer;
}

type Confirm = (error: Error | null) => void;

export class RabbitmqConnection extends EventEmitter {
  /** As `amqplib` has it. */
  readonly connection = {
    serverProperties: { version: '4.1.0' },
    stream: { destroy: () => this.#destroy() },
  };
  #line: BrokerLine | undefined;
  readonly #lanes = new Set<Lane>();

  private constructor(readonly server: RabbitmqServer) {
    super();
  }

  /** @throws Error if nothing listens there */
  static async open(process: SimProcess, server: RabbitmqServer): Promise<RabbitmqConnection> {
    const made = new RabbitmqConnection(server);
    const line = await server.net.connect(process, (accepted) => {
      accepted.onGone = () => server.gone(made);
    });
    made.#line = line;
    line.onLost = (error) => {
      made.#line = undefined;
      made.#end(error);
      made.emit('error', error);
      made.emit('close', error);
    };
    return made;
  }

  get line(): BrokerLine | undefined {
    return this.#line;
  }

  createChannel(): Promise<Lane> {
    return this.#lane();
  }

  createConfirmChannel(): Promise<Lane> {
    this.isFor('publishing');
    return this.#lane();
  }

  isFor(purpose: string): void {
    if (this.#line !== undefined && this.#line.purpose === '') this.server.net.name(this.#line, purpose);
  }

  async #lane(): Promise<Lane> {
    const lane = new Lane(this);
    this.#lanes.add(lane);
    await lane.ask(() => undefined);
    return lane;
  }

  #destroy(): void {
    this.#line?.close();
    this.#line = undefined;
    this.#end(new Error('the connection is given up'));
  }

  #end(reason: Error): void {
    for (const lane of this.#lanes) lane.end(reason);
    this.#lanes.clear();
  }
}

/** An AMQP channel, with or without confirms. */
class Lane extends EventEmitter {
  #isOpen = true;
  readonly #pending = new Set<(error: Error) => void>();
  #numConsumers = 0;
  #numDeliveries = 0;

  constructor(private readonly of: RabbitmqConnection) {
    super();
  }

  async assertExchange(_name: string, _type: string, _options: object): Promise<void> {
    // All are there.
    await this.ask(() => undefined);
  }

  async checkExchange(_name: string): Promise<void> {
    await this.ask(() => undefined);
  }

  assertQueue(name: string, options: QueueOptions): Promise<unknown> {
    return this.ask(() => this.of.server.assertQueue(name, options, this.of));
  }

  checkQueue(name: string): Promise<unknown> {
    return this.ask(() => this.of.server.checkQueue(name, this.of));
  }

  deleteQueue(name: string): Promise<void> {
    return this.ask(() => this.of.server.deleteQueue(name));
  }

  bindQueue(name: string, exchange: string, key: string): Promise<void> {
    return this.ask(() => this.of.server.bind(name, exchange, key, this.of));
  }

  unbindQueue(name: string, exchange: string, key: string): Promise<void> {
    return this.ask(() => this.of.server.unbind(name, exchange, key));
  }

  async prefetch(_count: number): Promise<void> {
    await this.ask(() => undefined);
  }

  async consume(
    queue: string,
    take: (delivery: Delivery | null) => void,
    options: {
      readonly consumerTag?: string;
      readonly exclusive?: boolean;
      readonly arguments?: Readonly<Record<string, unknown>>;
    } = {},
  ): Promise<{ consumerTag: string }> {
    const tag = options.consumerTag ?? `consumer-${++this.#numConsumers}`;
    const from = options.arguments?.['x-stream-offset'];
    this.of.isFor(from === undefined ? 'receiving' : 'reading');
    const deliver = (message: AmqpMessage | null) => {
      this.of.line?.toNode.send(() => {
        if (this.#isOpen) take(message && this.#delivery(message));
      });
    };
    await this.ask(() => this.of.server.consume(queue, { tag, owner: this.of, take: deliver }, from));
    return { consumerTag: tag };
  }

  async cancel(tag: string): Promise<void> {
    await this.ask(() => this.of.server.cancel(tag));
  }

  ack(): void {
    if (!this.#isOpen) throw new Error('the channel is closed');
  }

  /** Confirmed once each bound queue has it. */
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    properties: AmqpMessage['properties'],
    confirm: Confirm,
  ): boolean {
    if (!this.#isOpen) throw new Error('the channel is closed');
    this.ask(() => this.of.server.publish({ exchange, routingKey, content, properties })).then(
      () => confirm(null),
      (error: Error) => confirm(error),
    );
    return true;
  }

  async close(): Promise<void> {
    await this.ask(() => undefined);
    this.#isOpen = false;
  }

  /** Runs on the server, after everything that was sent before. An error ends the channel. */
  ask<T>(run: () => T): Promise<T> {
    const { line } = this.of;
    if (!this.#isOpen || line === undefined) return Promise.reject(new Error('the channel is closed'));
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      line.toServer.send(() => {
        const answer = attempted(run);
        line.toNode.send(() => {
          if (!this.#pending.delete(reject)) return;
          if ('result' in answer) resolve(answer.result);
          else {
            reject(answer.error);
            this.#fail(answer.error);
          }
        });
      });
    });
  }

  /** The connection has ended. */
  end(reason: Error): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const reject of pending) reject(reason);
    this.emit('close');
  }

  #fail(error: Error): void {
    if (!this.#isOpen) return;
    if (this.listenerCount('error') > 0) this.emit('error', error);
    this.end(error);
  }

  #delivery({ exchange, routingKey, content, properties }: AmqpMessage): Delivery {
    return { fields: { exchange, routingKey, deliveryTag: ++this.#numDeliveries }, properties, content };
  }
}

function attempted<T>(run: () => T): { readonly result: T } | { readonly error: AmqpError } {
  try {
    return { result: run() };
  } catch (error) {
    if (error instanceof AmqpError) return { error };
    throw error;
  }
}
