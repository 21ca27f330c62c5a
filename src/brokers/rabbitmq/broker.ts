/**
 * The broker over RabbitMQ. A publication with history or an idempotency key is acknowledged when it is in a stream and
 * was read back; delivery is in order and exactly once while the stream keeps it. Any other is acknowledged when the
 * server has confirmed that it is in the queue of each subscribed node, in memory; delivery is in order and at most
 * once: publications during a broken connection are lost.
 */

import type { Broker, BrokerEvents, Published, PublishOptions } from '../../engine/ports/broker.js';
import type { Cancel } from '../../engine/ports/clock.js';
import { type ChannelName, parseChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { ClientInfo, NewPublication } from '../../model/publication.js';
import { brokerError, noConnection } from '../broker-error.js';
import { deliver } from '../bus-message.js';
import { GarbageLog } from '../garbage-log.js';
import type { BrokerPorts } from '../ports.js';
import { addressName, parseAddress } from './address.js';
import { type Delivery, loadLibrary } from './client-library.js';
import { RabbitmqControl } from './control.js';
import { Dialer } from './dialer.js';
import { RabbitmqHistory } from './history/history.js';
import { type RabbitmqLink, rabbitmqLink } from './link.js';
import { decodeMessage, encodeAnnouncement, encodePublication, type Message } from './message.js';
import { Names } from './names.js';
import { type FilledRabbitmqOptions, type RabbitmqOptions, withDefaults } from './options.js';
import { Publisher } from './publisher.js';
import { rabbitmqStates } from './states.js';
import { Subscriptions } from './subscriptions.js';

/** Shortest time between two reports of messages dropped for a slow node. */
const overflowIntervalMs = 1_000;

export class RabbitmqBroker implements Broker {
  readonly name = 'rabbitmq';
  readonly carriesBytes = true;
  readonly control: RabbitmqControl;
  readonly history?: RabbitmqHistory;
  readonly #garbage: GarbageLog;
  readonly #options: FilledRabbitmqOptions;
  readonly #names: Names;
  readonly #publishing: RabbitmqLink<Publisher>;
  readonly #subscriptions: Subscriptions;
  readonly #serverName: string;
  #events: BrokerEvents | undefined;
  #overflowReport: Cancel | undefined;
  #isClosed = false;

  /** @param load the client of RabbitMQ. Default: that of its package @throws FanfareError `ERR_CONFIG` */
  constructor(
    options: string | RabbitmqOptions,
    private readonly ports: BrokerPorts,
    load = loadLibrary,
  ) {
    this.#garbage = new GarbageLog('rabbitmq', ports);
    this.#options = withDefaults(options);
    this.#names = new Names(this.#options.prefix);
    const { timeoutMs, url } = this.#options;
    const address = parseAddress(url);
    this.#serverName = addressName(address);
    // Separate connections, since a server that is short of memory reads nothing from connections that publish.
    const dialer = () => new Dialer(address, load, timeoutMs);
    const [publishing, receiving, reading] = [dialer(), dialer(), dialer()];
    this.#publishing = rabbitmqLink<Publisher>(
      {
        name: `publishing to ${this.#serverName}`,
        dial: () => publishing.dial(),
        open: (connection, fail) =>
          Publisher.open(
            connection,
            { ...this.#options, clock: ports.clock, exchanges: [this.#names.publications, this.#names.nodes] },
            fail,
          ),
        timeoutMs,
      },
      ports,
    );
    this.control = new RabbitmqControl(this.#names, {
      listen: (keys) => this.#subscriptions.listen(keys),
      send: (key, message, sender) => this.#send(this.#names.nodes, key, message, sender),
      onGarbage: (error, key) => this.#garbage.found(error, key),
    });
    this.#subscriptions = new Subscriptions({
      ...ports,
      name: `subscriptions of ${this.#serverName}`,
      dial: () => receiving.dial(),
      names: this.#names,
      options: this.#options,
      onPublication: (delivery) => this.#received(delivery),
      onControl: (delivery) => this.control.received(delivery),
      onOverflow: () => this.#overflowed(),
      onInterrupted: () => this.#events?.onInterrupted?.(),
    });
    if (this.#options.history) {
      this.history = new RabbitmqHistory({
        ...ports,
        name: `history in ${this.#serverName}`,
        dial: () => reading.dial(),
        names: this.#names,
        options: this.#options,
        send: (key, message) => this.#send(this.#names.nodes, key, message),
        isWanted: (channel) => this.#subscriptions.has(channel),
        onPublication: (channel, publication, epoch) => this.#events?.onPublication(channel, publication, epoch),
        onInterrupted: (channels) => this.#events?.onInterrupted?.(channels),
      });
    }
  }

  /** @throws FanfareError `ERR_CONFIG`, `ERR_BROKER` */
  async start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    try {
      await Promise.all([this.#publishing.start(), this.#subscriptions.start()]);
      // Finding the end of the stream takes a record of its own.
      await this.history?.start();
    } catch (error) {
      await this.close();
      throw brokerError('rabbitmq', error, rabbitmqStates);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#garbage.close();
    this.#overflowReport?.();
    this.#publishing.close();
    this.#subscriptions.close();
    this.history?.close();
  }

  async subscribe(channel: ChannelName): Promise<void> {
    this.#assertOpen();
    await this.#subscriptions.subscribe(channel);
  }

  async unsubscribe(channel: ChannelName): Promise<void> {
    await this.#subscriptions.unsubscribe(channel);
  }

  async publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    this.#assertOpen();
    if (options.stream !== undefined || options.idempotencyKey !== undefined) {
      if (this.history !== undefined) return this.history.publish(channel, publication, options);
      throw new FanfareError('ERR_NOT_AVAILABLE', 'rabbitmq without history has no memory for idempotency keys either');
    }
    await this.#send(this.#names.publications, channel, encodePublication(publication));
    return { position: { offset: 0, epoch: '' }, duplicate: false };
  }

  async announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
    this.#assertOpen();
    await this.#send(this.#names.publications, channel, encodeAnnouncement(event, info));
  }

  /** Through the server to all queues of this node. Afterwards earlier publications have arrived. */
  async probe(): Promise<void> {
    try {
      await this.#subscriptions.probe((key, id) =>
        this.#send(this.#names.nodes, key, { type: 'probe', content: Buffer.from(id), headers: {} }),
      );
      await this.history?.probe();
    } catch (error) {
      throw brokerError('rabbitmq', error, rabbitmqStates);
    }
  }

  async #send(exchange: string, routingKey: string, message: Message, sender?: string): Promise<void> {
    const { session } = this.#publishing;
    if (session === undefined) throw noConnection(this.#serverName, this.#publishing.reason, rabbitmqStates);
    await session.publish(exchange, routingKey, message, sender);
  }

  #received({ fields, properties, content }: Delivery): void {
    const channel = parseChannelName(fields.routingKey);
    if (channel === undefined || !this.#subscriptions.has(channel)) return;
    try {
      const message = decodeMessage({ type: properties.type, headers: properties.headers ?? {}, content });
      deliver(this.#events, channel, message);
    } catch (error) {
      this.#garbage.found(error, channel);
    }
  }

  /** The dropped messages are unknown, so every channel may be affected. */
  #overflowed(): void {
    if (this.#overflowReport !== undefined || this.#isClosed) return;
    this.ports.log.warn({ server: this.#serverName }, 'rabbitmq had to drop messages for this node, which is too slow');
    this.#overflowReport = this.ports.clock.schedule(() => {
      this.#overflowReport = undefined;
      this.#events?.onInterrupted?.();
    }, overflowIntervalMs);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new FanfareError('ERR_CLOSED', 'the broker is closed');
  }
}
