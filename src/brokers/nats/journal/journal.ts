/**
 * The streams of channels, and idempotency keys, in JetStream. Guarantees, whatever the server does:
 *
 * - An append that resolves is stored at the returned offset, which no other append of that epoch has.
 * - The same idempotency key within five minutes returns the first position, also after a restart of the server.
 * - A page has no gap, and ends at the top of the stream.
 * - A server that has lost acknowledged messages changes the epoch of every channel (`life.ts`); a channel whose newest
 * message was deleted starts again with another epoch.
 *
 * Other folders use only this file of the folder.
 */

import type {
  BrokerEvents,
  HistoryPage,
  HistoryQuery,
  HistoryStore,
  KeptKinds,
  Published,
  StreamLimits,
} from '../../../engine/ports/broker.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { type NewPublication, publicationAt } from '../../../model/publication.js';
import { Epochs } from '../../epochs.js';
import type { BrokerPorts } from '../../ports.js';
import type { Client } from '../client-library.js';
import type { FilledNatsOptions } from '../options.js';
import { messageId, type Subjects } from '../subjects.js';
import type { Incoming, Wire } from '../wire.js';
import { NatsAnswers } from './answers/answers.js';
import { Appender } from './appender.js';
import { Incarnation } from './incarnation.js';
import { KnownKeys } from './known-keys.js';
import { Life } from './life.js';
import { NatsMaps } from './maps/maps.js';
import { Places } from './places.js';
import { Reader } from './reader.js';
import { ServerTime } from './server-time.js';
import { decodeStored, epochOf } from './stored-message.js';
import { JournalStream } from './stream.js';

interface JournalPorts extends BrokerPorts {
  readonly wire: Wire;
  readonly subjects: Subjects;
  /** `onInterrupted` is called without channels when everything known about their streams is outdated. */
  readonly events: () => Pick<BrokerEvents, 'onPublication' | 'onInterrupted'> | undefined;
}

/** The newest message of a channel that this node has received. */
interface Seen {
  readonly seq: number;
  readonly birth: string;
}

export class Journal implements HistoryStore {
  readonly maps: NatsMaps;
  readonly answers: NatsAnswers;
  readonly #ports: JournalPorts;
  readonly #life: Life;
  readonly #stream: JournalStream;
  readonly #keys: KnownKeys;
  readonly #appender: Appender;
  readonly #reader: Reader;
  readonly #places = new Places();
  /** Of the channels that are subscribed to. */
  readonly #seen = new Map<ChannelName, Seen>();

  constructor(options: FilledNatsOptions, ports: JournalPorts) {
    const { wire, subjects, clock, random } = ports;
    this.#ports = ports;
    const life = new Life(random, subjects, options.replicas);
    const time = new ServerTime(clock, subjects);
    const incarnation = new Incarnation(subjects, time, random);
    const stream = new JournalStream({
      ...{ wire, subjects, life, time, incarnation, options },
      onLost: () => this.interrupted(),
    });
    const births = new Epochs(random);
    const shared = { stream, life, time, births };
    this.#life = life;
    this.#stream = stream;
    this.#keys = new KnownKeys(wire, subjects, time, options);
    this.#reader = new Reader({ ...shared, onPlaced: (channel) => this.#places.forget(channel) });
    this.#appender = new Appender({
      ...shared,
      ...{ clock, random, keys: this.#keys, places: this.#places },
      lastSeen: (channel) => this.#seen.get(channel)?.seq ?? 0,
      timeoutMs: options.timeoutMs,
      maxWaiting: options.maxInFlight,
      maxWaitingChars: options.maxInFlightChars,
    });
    const kept = { ...ports, life, time, incarnation, births, onLost: () => this.interrupted() };
    this.maps = new NatsMaps(options, kept);
    this.answers = new NatsAnswers(options, kept);
  }

  /** Called for each new connection, before any other use. */
  async prepare(client: Client): Promise<void> {
    await this.#stream.prepare(client);
    await this.#keys.prepare(client);
    await this.maps.stream.prepareAgain(client);
    await this.answers.stream.prepareAgain(client);
  }

  /** @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE` */
  append(channel: ChannelName, text: string, limits: StreamLimits, idempotencyKey?: string): Promise<Published> {
    return this.#appender.append(channel, text, limits, idempotencyKey);
  }

  /**
   * Publishes to a channel without history. @returns whether the key was known, so that nothing was published
   *
   * @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE`
   */
  publishOnce(channel: ChannelName, text: string, idempotencyKey: string): Promise<boolean> {
    return this.#keys.publish(channel, text, messageId(channel, idempotencyKey));
  }

  read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage> {
    return this.#reader.read(channel, query);
  }

  remove(channel: ChannelName): Promise<void> {
    return this.#reader.remove(channel);
  }

  /** Checks the streams; afterwards earlier republished messages have arrived. @throws FanfareError `ERR_BROKER` */
  async check(): Promise<void> {
    await Promise.all([this.#stream.check(), this.maps.stream.check(), this.answers.stream.check()]);
  }

  /** Stores something in each stream, as each has limits, unlike {@link check}. @throws FanfareError `ERR_BROKER` */
  async keep({ history, maps, answers }: KeptKinds): Promise<void> {
    await Promise.all([
      this.#keys.probe(),
      history && this.#stream.keep(),
      maps && this.maps.stream.keep(),
      answers && this.answers.stream.keep(),
    ]);
  }

  /** Takes a message of a channel's history. @throws Error if no node has written it */
  received(channel: ChannelName, { text, header }: Incoming): void {
    const { place, publications } = decodeStored(text, 0);
    const epoch = epochOf({ birth: place.birth, life: this.#life.current });
    const first = place.offset - publications.length + 1;
    const events = this.#ports.events();
    for (const [index, publication] of publications.entries()) {
      events?.onPublication(channel, publicationAt(publication, first + index), epoch);
    }
    const seq = Number(header('Nats-Sequence'));
    const before = this.#seen.get(channel);
    if (seq > 0) this.#seen.set(channel, { seq, birth: place.birth });
    if (before !== undefined) this.#compare(channel, before, place.birth, publications, header);
    // Saves a conflict if this node also publishes to the channel.
    if (seq > 0 && this.#places.has(channel)) this.#places.learn(channel, { ...place, seq });
  }

  /** Called when this node has unsubscribed from the channel. */
  forget(channel: ChannelName): void {
    this.#seen.delete(channel);
  }

  /** The connection was interrupted, or the server has lost something. */
  interrupted(): void {
    this.#forgetAll();
    this.#ports.events()?.onInterrupted?.();
  }

  close(): void {
    this.#forgetAll();
    this.maps.close();
    this.answers.close();
  }

  #forgetAll(): void {
    this.#places.clear();
    this.#seen.clear();
    this.maps.forget();
    this.answers.forget();
  }

  /** Compares the message with its predecessor, which may have been deleted. */
  #compare(
    channel: ChannelName,
    before: Seen,
    birth: string,
    publications: readonly NewPublication[],
    header: Incoming['header'],
  ): void {
    // Servers before 2.10 do not say which message it follows.
    const follows = header('Nats-Last-Sequence');
    if (birth !== before.birth && publications.length === 0) this.#ports.events()?.onInterrupted?.([channel]);
    else if (birth === before.birth && follows !== '' && Number(follows) < before.seq) this.#takenBack(channel, birth);
  }

  /** The newest message was deleted, and a node that had not seen it has used its offset again. */
  #takenBack(channel: ChannelName, birth: string): void {
    const { log } = this.#ports;
    log.warn({ channel }, 'the newest message of a channel was deleted in nats: the channel begins a new epoch');
    this.#reader.beginAgain(channel, birth).catch((error: unknown) => {
      log.warn({ err: error, channel }, 'a new epoch of a channel could not be begun');
    });
  }
}
