/**
 * The broker in the server's process, for one node. An acknowledged publication lives as long as the process, within
 * its channel's limits; delivery is exactly once and in order.
 */

import {
  type Broker,
  type BrokerEvents,
  type BrokerHoldings,
  type HistoryPage,
  type HistoryQuery,
  type HistoryStore,
  isOutdated,
  type Published,
  type PublishOptions,
  type StreamLimits,
} from '../../engine/ports/broker.js';
import type { Clock, Random } from '../../engine/ports/clock.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Position } from '../../model/position.js';
import { type ClientInfo, type NewPublication, type Publication, publicationAt } from '../../model/publication.js';
import { Rounds } from '../rounds.js';
import { MemoryAnswers } from './answers.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import { MemoryMaps } from './maps.js';
import { MemoryPresence } from './presence.js';
import { SplitMap } from './split-map.js';
import { type HistoryUsage, Stream } from './stream.js';

export interface MemoryBrokerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How long a stream without use and without subscribers keeps its position, in milliseconds. Default: 24 hours. */
  readonly streamIdleMs?: number;
  /**
   * Most streams. Those without subscribers go first, and of these the least recently used of 64 at a time. Default:
   * 1,000,000.
   */
  readonly maxStreams?: number;
  /** Largest number of characters of payload in all streams, which go in the same order. Default: 268,435,456. */
  readonly maxHistoryBytes?: number;
  /** Largest number of characters of keys and data in all maps; what would exceed it is refused. Default: 268,435,456. */
  readonly maxMapBytes?: number;
  /** Largest number of characters of all answers; what would exceed it is refused. Default: 268,435,456. */
  readonly maxAnswerBytes?: number;
  /** Most idempotency keys; beyond it, publishing with a key is refused for a while. Default: 1,000,000. */
  readonly maxIdempotencyKeys?: number;
}

/** Characters of an epoch, which clients get with each subscription: enough to tell it from others of the channel. */
const epochLength = 8;

const sweepIntervalMs = 10_000;

/** Streams that are compared to drop one of them, so that this takes the same time however many there are. */
const compared = 64;

export class MemoryBroker implements Broker, HistoryStore {
  readonly name = 'memory';
  readonly carriesBytes = true;
  readonly comparesVersions = true;
  readonly history: HistoryStore = this;
  readonly maps: MemoryMaps;
  readonly answers: MemoryAnswers;
  readonly presence: MemoryPresence;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #streamIdleMs: number;
  readonly #maxStreams: number;
  readonly #maxHistoryBytes: number;
  readonly #usage: HistoryUsage = { bytes: 0 };
  readonly #streams = new SplitMap<ChannelName, Stream>();
  readonly #candidates = this.#inTurn();
  readonly #subscribed = new Set<ChannelName>();
  readonly #keys: IdempotencyKeys;
  #events: BrokerEvents | undefined;
  readonly #sweeps: Rounds;
  #streamsDropped = 0;
  #isClosed = false;

  constructor(options: MemoryBrokerOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#streamIdleMs = options.streamIdleMs ?? 86_400_000;
    this.#maxStreams = options.maxStreams ?? 1_000_000;
    this.#maxHistoryBytes = options.maxHistoryBytes ?? 268_435_456;
    this.#keys = new IdempotencyKeys(options.maxIdempotencyKeys ?? 1_000_000);
    this.maps = new MemoryMaps({
      clock: options.clock,
      keys: this.#keys,
      maxBytes: options.maxMapBytes ?? 268_435_456,
      streams: {
        append: (channel, publication, limits) =>
          this.#append(channel, this.#stream(channel), publication, limits, this.#clock.nowMs()),
        deliver: (channel, publication) => this.#deliver(channel, publication, this.#stream(channel).epoch),
        top: (channel) => this.#stream(channel).top,
      },
    });
    this.answers = new MemoryAnswers({
      clock: options.clock,
      maxBytes: options.maxAnswerBytes ?? 268_435_456,
      streams: {
        advance: (channel) => this.#advance(channel),
        deliver: (channel, publication) => this.#deliver(channel, publication, this.#stream(channel).epoch),
        top: (channel) => this.#stream(channel).top,
      },
    });
    this.presence = new MemoryPresence(options.clock);
    this.#sweeps = new Rounds(options.clock, sweepIntervalMs, () => this.#sweep());
  }

  get holdings(): BrokerHoldings {
    return {
      streams: this.#streams.size,
      historyBytes: this.#usage.bytes,
      mapKeys: this.maps.numKeys,
      mapBytes: this.maps.bytes,
      mapFigures: this.maps.figures,
      answers: this.answers.figures.answers,
      openAnswers: this.answers.figures.open,
      answerBytes: this.answers.bytes,
      answersInterrupted: this.answers.figures.interrupted,
      presenceEntries: this.presence.size,
      idempotencyKeys: this.#keys.size,
      streamsDropped: this.#streamsDropped,
    };
  }

  async start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    this.#sweeps.start();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweeps.close();
    this.#streams.clear();
    this.#subscribed.clear();
    this.presence.clear();
    this.maps.close();
    this.answers.close();
  }

  async subscribe(channel: ChannelName): Promise<void> {
    this.#subscribed.add(channel);
  }

  async unsubscribe(channel: ChannelName): Promise<void> {
    this.#subscribed.delete(channel);
  }

  async publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    if (this.#isClosed) throw closed();
    const { idempotencyKey: key, stream: limits, version } = options;
    const nowMs = this.#clock.nowMs();
    if (key !== undefined) {
      const first = this.#keys.find(channel, key, nowMs);
      if (first !== undefined) return { ...first, duplicate: true };
      if (!this.#keys.hasRoom(nowMs)) throw new FanfareError('ERR_BROKER', 'too many idempotency keys are alive');
    }
    const stream = limits && this.#stream(channel);
    if (stream !== undefined && version !== undefined) {
      if (isOutdated(version, stream.newestVersion)) return { position: stream.top, duplicate: true };
      stream.newestVersion = version;
    }
    const placed =
      stream && limits ? this.#append(channel, stream, publication, limits, nowMs) : publicationAt(publication, 0);
    const published = { position: stream?.top ?? { offset: 0, epoch: '' }, duplicate: false };
    if (key !== undefined) this.#keys.remember(channel, key, published, nowMs);
    this.#deliver(channel, placed, published.position.epoch);
    return published;
  }

  async announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
    if (!this.#subscribed.has(channel)) return;
    if (event === 'join') this.#events?.onJoin(channel, info);
    else this.#events?.onLeave(channel, info);
  }

  async read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage> {
    return this.#stream(channel).read(query, this.#clock.nowMs());
  }

  async remove(channel: ChannelName): Promise<void> {
    this.#streams.get(channel)?.clear();
  }

  #advance(channel: ChannelName): Position {
    if (this.#isClosed) throw closed();
    return this.#stream(channel).advance(this.#clock.nowMs());
  }

  #append(
    channel: ChannelName,
    stream: Stream,
    publication: NewPublication,
    limits: StreamLimits,
    nowMs: number,
  ): Publication {
    if (this.#isClosed) throw closed();
    const placed = stream.append(publication, limits, nowMs);
    while (this.#usage.bytes > this.#maxHistoryBytes && this.#dropOne(channel));
    return placed;
  }

  #deliver(channel: ChannelName, publication: Publication, epoch: string): void {
    if (this.#subscribed.has(channel)) this.#events?.onPublication(channel, publication, epoch);
  }

  #stream(channel: ChannelName): Stream {
    const known = this.#streams.get(channel);
    if (known !== undefined) return known;
    if (this.#streams.size >= this.#maxStreams) this.#dropOne();
    const stream = new Stream(this.#random.id().slice(-epochLength), this.#clock.nowMs(), this.#usage);
    this.#streams.set(channel, stream);
    return stream;
  }

  /** Makes room; false if there is no stream but `keep`. A dropped stream gets a new epoch, so its readers notice. */
  #dropOne(keep?: ChannelName): boolean {
    let least: readonly [ChannelName, Stream] | undefined;
    for (let left = Math.min(compared, this.#streams.size); left > 0; left--) {
      const next = this.#candidates.next().value;
      if (next[0] === keep || this.maps.has(next[0]) || this.answers.has(next[0])) continue;
      if (least === undefined || this.#goesBefore(next, least)) least = next;
    }
    if (least === undefined) return false;
    const [channel, stream] = least;
    stream.clear();
    this.#streamsDropped++;
    this.answers.dropped(channel);
    return this.#streams.delete(channel);
  }

  #goesBefore([a, left]: readonly [ChannelName, Stream], [b, right]: readonly [ChannelName, Stream]): boolean {
    const bySubscribers = Number(this.#subscribed.has(a)) - Number(this.#subscribed.has(b));
    return (bySubscribers || left.lastUsedMs - right.lastUsedMs) < 0;
  }

  /** All streams, again and again. */
  *#inTurn(): Generator<readonly [ChannelName, Stream], never> {
    for (;;) yield* this.#streams;
  }

  /** Frees expired entries. */
  *#sweep(): Generator<void> {
    yield* this.presence.sweep();
    yield* this.#keys.sweep(this.#clock.nowMs());
    yield* this.answers.sweep();
    for (const [channel, stream] of this.#streams) {
      const nowMs = this.#clock.nowMs();
      const isUsed = this.#subscribed.has(channel) || this.maps.has(channel) || this.answers.has(channel);
      const isIdle = stream.lastUsedMs + this.#streamIdleMs <= nowMs && !isUsed;
      if (stream.isEmptyAt(nowMs) && isIdle) {
        this.#streams.delete(channel);
        this.answers.dropped(channel);
      }
      yield;
    }
  }
}

function closed(): FanfareError {
  return new FanfareError('ERR_CLOSED', 'the broker is closed');
}
