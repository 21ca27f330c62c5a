/** The log of the answers of each channel: reads it, and stores what comes next. */

import type { Clock } from '../../../../engine/ports/clock.js';
import type { Logger } from '../../../../engine/ports/logger.js';
import { pause } from '../../../../engine/time/pause.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import { FanfareError } from '../../../../model/fanfare-error.js';
import type { Epochs } from '../../../epochs.js';
import type { KeyedMessage, KeyedStream } from '../keyed-stream.js';
import type { Life } from '../life.js';
import type { ServerTime } from '../server-time.js';
import type { AnswerSubjects } from './answer-subjects.js';
import { type ChannelAnswers, leastStayMs, numSlots } from './channel-answers.js';
import { decodeEntry, type Entry, encodeEntry } from './entry.js';
import { KnownAnswers } from './known-answers.js';
import { Loading } from './loading.js';
import { Covering, nothing, nothingTtlMs } from './snapshot.js';

interface AnswerLogPorts {
  readonly stream: KeyedStream;
  readonly names: AnswerSubjects;
  readonly clock: Clock;
  readonly log: Logger;
  readonly time: ServerTime;
  readonly life: Life;
  readonly births: Epochs;
  /** How long messages of a channel stay that nobody uses, at least. */
  readonly maxAgeMs: number;
}

/** Of one reading. */
const maxReadMessages = 1_000;
const maxReadBytes = 1_048_576;
/** Attempts to read what belongs together, and the pause between them. */
const maxReadings = 25;
const readingPauseMs = 20;
/** Readings of the same entry that do not fit together: then somebody has deleted messages. */
const maxBroken = 5;

export class AnswerLog {
  readonly #known = new KnownAnswers();
  readonly #loading = new Map<ChannelName, Promise<ChannelAnswers>>();

  constructor(private readonly ports: AnswerLogPorts) {}

  /** What this node knows, which may be outdated. @throws FanfareError `ERR_BROKER`, `ERR_HISTORY_BROKEN` */
  async known(channel: ChannelName): Promise<ChannelAnswers> {
    return this.#known.get(channel) ?? (await this.#load(channel));
  }

  /** Everything that was acknowledged before the call. @throws as {@link known} */
  async current(channel: ChannelName): Promise<ChannelAnswers> {
    const { stream, names } = this.ports;
    for (let attempt = 1; attempt <= maxReadings; attempt++) {
      const known = await this.known(channel);
      // Also after loading, which another call may have begun.
      const last = await stream.read({ last_by_subj: names.entries(channel) });
      if (last !== undefined && last.seq > known.message) await this.#catchUp(channel, known, last.seq);
      if (last !== undefined && last.seq <= known.message && known.isWhole) return known;
      this.#known.forget(channel);
    }
    throw restless();
  }

  /** An entry has come from a node. */
  received(channel: ChannelName, entry: Entry, message: number): void {
    const known = this.#known.get(channel);
    if (known === undefined) return;
    // What is missing before it is read when it is needed.
    if (entry.n !== known.last.n + 1) return;
    if (known.take(entry, message) && known.isWhole) this.#known.learn(channel, known);
    else this.#known.forget(channel);
  }

  /**
   * Stores the next entry. If those before it have to be covered, they are, together with it or just before.
   *
   * @returns whether the entry before it was still the last one
   * @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE`
   */
  async commit(channel: ChannelName, known: ChannelAnswers, entry: Entry): Promise<boolean> {
    const { stream, names, maxAgeMs } = this.ports;
    const { slot, message } = known.next;
    const subject = names.entry(channel, slot);
    const covering = new Covering(names, channel, maxAgeMs, known, entry);
    const before = covering.messages();
    const pieces = covering.useless();
    const next = { subject, text: encodeEntry(entry), ttlMs: covering.stayMs() };
    try {
      const stored =
        stream.isAtomicFast && before.length > 0
          ? await stream.storeAll([...before, next], message)
          : await this.#storeInTurn(before, next, message);
      if (stored === undefined) return false;
      this.received(channel, entry, stored);
    } catch (error) {
      // The entry may or may not be stored.
      this.#known.forget(channel);
      throw error;
    }
    await this.#drop(pieces);
    return true;
  }

  /** Whether the last entry is still this one. @throws FanfareError `ERR_BROKER` */
  async confirm(channel: ChannelName, known: ChannelAnswers): Promise<boolean> {
    const { stream, names } = this.ports;
    const { slot, message } = known.next;
    const confirmation = { subject: names.confirmation(channel), text: '', ttlMs: nothingTtlMs };
    return (await stream.store(confirmation, { subject: names.entry(channel, slot), seq: message })) !== undefined;
  }

  /** The channel begins again, without answers and in a new epoch. @throws FanfareError `ERR_BROKER` */
  async beginAgain(channel: ChannelName): Promise<void> {
    const { stream, names } = this.ports;
    this.#known.forget(channel);
    const loading = await this.#read(channel);
    const next = await this.#begin(channel, loading);
    const heads = loading.keys.map((key) => names.head(channel, key));
    const messages = heads.map((subject) => ({ subject, text: nothing, ttlMs: nothingTtlMs }));
    // Unless the channel has gone on, and some of them are new.
    if (next !== undefined) await stream.storeEach(messages, next);
    await this.#load(channel);
  }

  /** What is known is outdated. */
  clear(): void {
    this.#known.clear();
  }

  async #storeInTurn(covering: readonly KeyedMessage[], next: KeyedMessage, message: number) {
    const { stream } = this.ports;
    const expected = { subject: next.subject, seq: message };
    if (covering.length > 0 && (await stream.storeEach(covering, expected)) === undefined) return undefined;
    return stream.store(next, expected);
  }

  /** Pieces without a head are of no use to anybody. */
  async #drop(messages: readonly KeyedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const { stream, log } = this.ports;
    // They end by themselves, later.
    await stream.storeEach(messages).catch((err: unknown) => log.debug({ err }, 'pieces of forgotten streams stay'));
  }

  async #catchUp(channel: ChannelName, known: ChannelAnswers, upTo: number): Promise<void> {
    const { stream, names, clock } = this.ports;
    for (let attempt = 1; attempt <= maxReadings && known.message < upTo; attempt++) {
      const messages = await stream.readMany({
        seq: known.message + 1,
        next_by_subj: names.entries(channel),
        batch: maxReadMessages,
        max_bytes: maxReadBytes,
      });
      const before = known.message;
      for (const { text, seq } of messages) {
        if (seq > known.message) this.received(channel, this.#decoded(channel, text), seq);
      }
      // Too far behind, or the answer was of a server that is.
      if (known.message === before && messages.length > 0) return;
      if (known.message < upTo) await pause(clock, readingPauseMs);
    }
  }

  #decoded(channel: ChannelName, text: string): Entry {
    try {
      return decodeEntry(text);
    } catch (cause) {
      throw broken(channel, cause);
    }
  }

  #load(channel: ChannelName): Promise<ChannelAnswers> {
    const loading = this.#loading.get(channel);
    if (loading !== undefined) return loading;
    const fresh = this.#loadNow(channel).finally(() => this.#loading.delete(channel));
    this.#loading.set(channel, fresh);
    return fresh;
  }

  async #loadNow(channel: ChannelName): Promise<ChannelAnswers> {
    const { clock, log } = this.ports;
    let [lastSeen, numBroken] = [-1, 0];
    for (let attempt = 1; attempt <= maxReadings; attempt++) {
      const loading = await this.#read(channel);
      const known = this.#made(channel, loading);
      if (known !== undefined) {
        this.#known.learn(channel, known);
        return known;
      }
      const seen = loading.lastMessage;
      numBroken = seen === lastSeen ? numBroken + 1 : 1;
      lastSeen = seen;
      if (seen === 0) await this.#begin(channel, loading);
      else if (numBroken >= maxBroken) {
        log.warn({ channel }, 'messages of streams are missing in nats: the channel begins a new epoch');
        await this.#begin(channel, loading);
      } else await pause(clock, readingPauseMs);
    }
    throw restless();
  }

  #made(channel: ChannelName, loading: Loading): ChannelAnswers | undefined {
    try {
      return loading.made();
    } catch (cause) {
      throw broken(channel, cause);
    }
  }

  async #read(channel: ChannelName): Promise<Loading> {
    const { stream, names, clock } = this.ports;
    const loading = new Loading(names);
    const last = await stream.read({ last_by_subj: names.entries(channel) });
    if (last === undefined) return loading;
    const query = { next_by_subj: names.of(channel), batch: maxReadMessages, max_bytes: maxReadBytes };
    let [from, stale] = [1, 0];
    for (;;) {
      const messages = await stream.readMany({ seq: from, ...query });
      for (const message of messages) {
        loading.take(message);
        from = message.seq + 1;
      }
      if (from > last.seq) return loading;
      if (messages.length > 0) continue;
      if (++stale >= maxReadings) return loading;
      // The server that has answered is behind.
      await pause(clock, readingPauseMs);
    }
  }

  /**
   * Stores the first entry of a life of the channel, unless another node does.
   *
   * @returns what is in the place of the entry after it, if this node has
   */
  async #begin(
    channel: ChannelName,
    loading: Loading,
  ): Promise<{ readonly subject: string; readonly seq: number } | undefined> {
    const { stream, names, births, life, time, maxAgeMs } = this.ports;
    const n = (loading.lastReadable()?.n ?? 0) + 1;
    const first: Entry = {
      ...{ n, before: loading.lastMessage, offset: 0, birth: births.next(), life: life.current },
      timeMs: Math.floor(time.nowMs()),
      ...{ covered: n - 1, heads: [], count: 0, forgottenUpTo: 0, forgotten: [], steps: [] },
    };
    const placeOf = (n: number) => {
      const slot = n % numSlots;
      return { subject: names.entry(channel, slot), seq: loading.slots[slot] ?? 0 };
    };
    const place = placeOf(n);
    const message = { subject: place.subject, text: encodeEntry(first), ttlMs: 2 * Math.max(leastStayMs, maxAgeMs) };
    return (await stream.store(message, place)) === undefined ? undefined : placeOf(n + 1);
  }
}

function restless(): FanfareError {
  return new FanfareError('ERR_BROKER', 'the streams of this channel do not stand still');
}

function broken(channel: ChannelName, cause: unknown): FanfareError {
  return new FanfareError('ERR_HISTORY_BROKEN', `nats: a stream of "${channel}" is broken`, { cause });
}
