/**
 * The broker over NATS. Channels without history use core NATS; those with history are stored by JetStream, which
 * republishes stored messages to the nodes, and acknowledges publications. Delivery is in order and at most once:
 * publications during a broken connection are lost. Presence is collected from the nodes, because all entries of a
 * key-value bucket have the same time to live.
 */

import type {
  Broker,
  BrokerEvents,
  HistoryStore,
  KeptKinds,
  Published,
  PublishOptions,
} from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { ClientInfo, NewPublication } from '../../model/publication.js';
import { BusControl } from '../bus-control.js';
import { decodeMessage, deliver, encodeAnnouncement, encodePublication } from '../bus-message.js';
import { GarbageLog } from '../garbage-log.js';
import type { BrokerPorts } from '../ports.js';
import { addressName, parseAddress } from './address.js';
import { dial } from './dialer.js';
import { Journal } from './journal/journal.js';
import { type NatsOptions, withDefaults } from './options.js';
import { Subjects } from './subjects.js';
import { type Incoming, Wire } from './wire.js';

export class NatsBroker implements Broker {
  readonly name = 'nats';
  readonly carriesBytes = true;
  readonly history: Journal;
  readonly maps: Journal['maps'];
  readonly answers: Journal['answers'];
  readonly mapChanges: HistoryStore;
  readonly control: BusControl;
  readonly #garbage: GarbageLog;
  readonly #subjects: Subjects;
  readonly #wire: Wire;
  readonly #channels = new Map<string, ChannelName>();
  #events: BrokerEvents | undefined;
  #isClosed = false;

  /** @param connect to a server. Default: by the packages of NATS @throws FanfareError `ERR_CONFIG` */
  constructor(given: NatsOptions['url'] | NatsOptions, ports: BrokerPorts, connect = dial) {
    const options = withDefaults(given);
    const address = parseAddress(options.url);
    const { timeoutMs, maxInFlight, maxInFlightChars, credentialsFile } = options;
    const subjects = new Subjects(options.prefix);
    this.#garbage = new GarbageLog('nats', ports);
    this.#subjects = subjects;
    this.#wire = new Wire(
      {
        name: addressName(address),
        dial: () => connect({ address, credentialsFile, timeoutMs }),
        prepare: (client) => this.history.prepare(client),
        echoSubject: subjects.echo(ports.random.id()),
        timeoutMs,
        maxInFlight,
        maxInFlightChars,
        onMessage: (message) => this.#received(message),
        onInterrupted: () => this.history.interrupted(),
      },
      ports,
    );
    const { clock, random, log } = ports;
    this.history = new Journal(options, { clock, random, log, wire: this.#wire, subjects, events: () => this.#events });
    this.maps = this.history.maps;
    this.answers = this.history.answers;
    this.mapChanges = this.maps.changes;
    this.control = new BusControl({
      placeOf: (nodeId) => subjects.control(nodeId),
      subscribe: (place) => this.#wire.subscribe(place),
      send: (place, text) => this.#wire.publish(place, text),
      onGarbage: (error, place) => this.#garbage.found(error, place),
    });
  }

  /** @throws FanfareError `ERR_CONFIG`, `ERR_BROKER` */
  async start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    await this.#wire.start();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#garbage.close();
    this.#wire.close();
    this.#channels.clear();
    this.history.close();
  }

  async subscribe(channel: ChannelName): Promise<void> {
    this.#assertOpen();
    const bus = this.#subjects.bus(channel);
    this.#channels.set(bus, channel);
    await this.#wire.subscribe(bus);
  }

  async unsubscribe(channel: ChannelName): Promise<void> {
    const bus = this.#subjects.bus(channel);
    this.#channels.delete(bus);
    this.history.forget(channel);
    await this.#wire.unsubscribe(bus);
  }

  async publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    this.#assertOpen();
    const { stream, idempotencyKey } = options;
    const text = encodePublication(publication);
    if (stream !== undefined) return this.history.append(channel, text, stream, idempotencyKey);
    const position = { offset: 0, epoch: '' };
    const message = `p0::${text}`;
    if (idempotencyKey !== undefined) {
      return { position, duplicate: await this.history.publishOnce(channel, message, idempotencyKey) };
    }
    await this.#wire.publish(this.#subjects.bus(channel), message);
    return { position, duplicate: false };
  }

  async announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
    this.#assertOpen();
    await this.#wire.publish(this.#subjects.bus(channel), encodeAnnouncement(event, info));
  }

  /** Asks JetStream first, so that its republished messages arrive before the echo. */
  async probe(): Promise<void> {
    await this.history.check();
    await this.#wire.echo();
  }

  async probeKeeping(kinds: KeptKinds): Promise<void> {
    await this.history.keep(kinds);
  }

  #received(incoming: Incoming): void {
    const channel = this.#channels.get(incoming.subject);
    if (channel === undefined) {
      this.control.received(incoming.subject, incoming.text);
      return;
    }
    try {
      if (incoming.text.startsWith('h')) this.history.received(channel, incoming);
      else if (this.maps.hasSent(incoming.text)) this.maps.received(channel, incoming);
      else if (this.answers.hasSent(incoming.text)) this.answers.received(channel, incoming);
      else deliver(this.#events, channel, decodeMessage(incoming.text));
    } catch (error) {
      this.#garbage.found(error, channel);
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new FanfareError('ERR_CLOSED', 'the broker is closed');
  }
}
