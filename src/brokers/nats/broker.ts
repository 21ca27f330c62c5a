/**
 * The broker over NATS. Channels without history are core NATS; those with history are kept by JetStream, whose stream
 * passes on to the nodes what it has stored, and is asked before anything is acknowledged. Delivery is in order and at
 * most once: a connection that breaks loses what is published meanwhile. Presence is by asking the nodes: entries of a
 * key-value bucket expire by a time of the bucket's, not of their own.
 */

import type { Broker, BrokerEvents, KeptKinds, Published, PublishOptions } from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { ClientInfo, NewPublication } from '../../model/publication.js';
import { BusControl } from '../bus-control.js';
import { decodeMessage, encodeAnnouncement, encodePublication } from '../bus-message.js';
import { Epochs } from '../epochs.js';
import { GarbageLog } from '../garbage-log.js';
import type { BrokerPorts } from '../ports.js';
import { addressName, parseAddress } from './address.js';
import { Appender } from './appender.js';
import { dial } from './dialer.js';
import { NatsHistory } from './history.js';
import { Incarnation } from './incarnation.js';
import { Journal } from './journal.js';
import { KnownKeys } from './known-keys.js';
import { Life } from './life.js';
import { type NatsOptions, withDefaults } from './options.js';
import { Places } from './places.js';
import { ServerTime } from './server-time.js';
import { decodeStored, epochOf } from './stored-message.js';
import { messageId, Subjects } from './subjects.js';
import { type Incoming, Wire } from './wire.js';

/** A message of a channel's history. */
interface Received {
  readonly birth: string;
  readonly publications: readonly NewPublication[];
}

export class NatsBroker implements Broker {
  readonly name = 'nats';
  readonly history: NatsHistory;
  readonly control: BusControl;
  readonly #ports: BrokerPorts;
  readonly #garbage: GarbageLog;
  readonly #subjects: Subjects;
  readonly #wire: Wire;
  readonly #life: Life;
  readonly #time: ServerTime;
  readonly #places = new Places();
  readonly #journal: Journal;
  readonly #appender: Appender;
  readonly #keys: KnownKeys;
  readonly #channels = new Map<string, ChannelName>();
  /** The newest message that was received, of the channels that are subscribed to. */
  readonly #seen = new Map<ChannelName, { readonly seq: number; readonly birth: string }>();
  #events: BrokerEvents | undefined;
  #isClosed = false;

  /** @throws FanfareError `ERR_CONFIG` */
  constructor(given: NatsOptions['url'] | NatsOptions, ports: BrokerPorts) {
    this.#ports = ports;
    const options = withDefaults(given);
    const address = parseAddress(options.url);
    const { clock, random } = ports;
    const { timeoutMs, maxInFlight, maxInFlightChars, credentialsFile, replicas } = options;
    const subjects = new Subjects(options.prefix);
    const births = new Epochs(random);
    this.#garbage = new GarbageLog('nats', ports);
    this.#subjects = subjects;
    this.#life = new Life(random, subjects, replicas);
    this.#time = new ServerTime(clock, subjects);
    this.#wire = new Wire(
      {
        name: addressName(address),
        dial: () => dial({ address, credentialsFile, timeoutMs }),
        prepare: async (client) => {
          await this.#journal.prepare(client);
          await this.#keys.prepare(client);
        },
        echoSubject: subjects.echo(random.id()),
        timeoutMs,
        maxInFlight,
        maxInFlightChars,
        onMessage: (message) => this.#received(message),
        onInterrupted: () => this.#interrupted(),
      },
      ports,
    );
    this.#journal = new Journal({
      wire: this.#wire,
      subjects,
      life: this.#life,
      time: this.#time,
      incarnation: new Incarnation(subjects, this.#time, random),
      options,
      onLost: () => this.#interrupted(),
    });
    const parts = { journal: this.#journal, places: this.#places, life: this.#life, time: this.#time, births };
    this.#keys = new KnownKeys(this.#wire, subjects, this.#time, options);
    this.#appender = new Appender({
      ...parts,
      lastSeen: (channel) => this.#seen.get(channel)?.seq ?? 0,
      keys: this.#keys,
      clock,
      random,
      timeoutMs,
      maxWaiting: maxInFlight,
      maxWaitingChars: maxInFlightChars,
    });
    this.history = new NatsHistory(parts);
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
    this.#places.clear();
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
    this.#seen.delete(channel);
    await this.#wire.unsubscribe(bus);
  }

  async publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    this.#assertOpen();
    const { stream, idempotencyKey } = options;
    const text = encodePublication(publication);
    if (stream !== undefined) return this.#appender.append(channel, text, stream, idempotencyKey);
    const position = { offset: 0, epoch: '' };
    const message = `p0::${text}`;
    if (idempotencyKey !== undefined) {
      return { position, duplicate: await this.#keys.publish(channel, message, messageId(channel, idempotencyKey)) };
    }
    await this.#wire.publish(this.#subjects.bus(channel), message);
    return { position, duplicate: false };
  }

  async announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
    this.#assertOpen();
    await this.#wire.publish(this.#subjects.bus(channel), encodeAnnouncement(event, info));
  }

  /** Asks JetStream first: what it has passed on is here when the echo is. */
  async probe(): Promise<void> {
    await this.#journal.check();
    await this.#wire.echo();
  }

  /** {@link probe} has only asked the streams: each has limits of its own. */
  async probeKeeping({ history }: KeptKinds): Promise<void> {
    await Promise.all([this.#keys.probe(), history && this.#journal.keep()]);
  }

  /** Nobody knows any more where the streams are. */
  #interrupted(): void {
    this.#places.clear();
    this.#seen.clear();
    this.#events?.onInterrupted?.();
  }

  #received(incoming: Incoming): void {
    const channel = this.#channels.get(incoming.subject);
    if (channel === undefined) {
      this.control.received(incoming.subject, incoming.text);
      return;
    }
    try {
      if (incoming.text.startsWith('h')) this.#receivedStored(channel, incoming);
      else this.#receivedPassing(channel, incoming.text);
    } catch (error) {
      this.#garbage.found(error, channel);
    }
  }

  #receivedStored(channel: ChannelName, { text, header }: Incoming): void {
    const { place, publications } = decodeStored(text, 0);
    const epoch = epochOf({ birth: place.birth, life: this.#life.current });
    const first = place.offset - publications.length + 1;
    for (const [index, publication] of publications.entries()) {
      this.#events?.onPublication(channel, { ...publication, offset: first + index }, epoch);
    }
    const seq = Number(header('Nats-Sequence'));
    const before = this.#seen.get(channel);
    if (seq > 0) this.#seen.set(channel, { seq, birth: place.birth });
    if (before !== undefined) this.#compare(channel, before, { birth: place.birth, publications, header });
    // Who publishes in the channel as well is spared the conflict with whoever has published this.
    if (!this.#places.has(channel)) return;
    if (seq > 0) this.#places.learn(channel, { ...place, seq });
  }

  /** With the message before: somebody may have deleted that one. */
  #compare(
    channel: ChannelName,
    before: { readonly seq: number; readonly birth: string },
    { birth, publications, header }: Pick<Incoming, 'header'> & Received,
  ): void {
    // Servers before 2.10 do not say what it follows.
    const follows = header('Nats-Last-Sequence');
    if (birth !== before.birth && publications.length === 0) this.#events?.onInterrupted?.([channel]);
    else if (birth === before.birth && follows !== '' && Number(follows) < before.seq) this.#takenBack(channel, birth);
  }

  /** Somebody has deleted the newest message, and a node that did not know it has given its offset again. */
  #takenBack(channel: ChannelName, birth: string): void {
    const { log } = this.#ports;
    log.warn({ channel }, 'the newest message of a channel was deleted in nats: the channel begins anew');
    this.history.beginAnew(channel, birth).catch((error: unknown) => {
      log.warn({ err: error, channel }, 'a channel could not be begun anew');
    });
  }

  #receivedPassing(channel: ChannelName, text: string): void {
    const message = decodeMessage(text);
    if (message.kind === 'publication') this.#events?.onPublication(channel, { ...message.publication, offset: 0 }, '');
    else if (message.kind === 'join') this.#events?.onJoin(channel, message.info);
    else this.#events?.onLeave(channel, message.info);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new FanfareError('ERR_CLOSED', 'the broker is closed');
  }
}
