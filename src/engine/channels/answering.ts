/** Changes answers, and tells the producers on this node when a reader wants no more of theirs, or another has taken over. */

import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError, type FanfareErrorCode } from '../../model/fanfare-error.js';
import { isMapKey, maxMapKeyBytes } from '../../model/map-key.js';
import type {
  AnswerChange,
  AnswerLimits,
  AnswerOutcome,
  AnswerRead,
  AnswerRefusal,
  AnswerStatus,
  AnswerStore,
} from '../ports/answer-store.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import { AloneStreams } from './alone-streams.js';
import { AnswerProducer, type Stop } from './answer-producer.js';
import type { Rule } from './rule.js';
import { answerLimits } from './stream-terms.js';

/** What has happened to an answer, for its producers on all nodes. */
export interface AnswerNotice {
  readonly channel: string;
  readonly id: string;
  /** Producers of earlier runs have lost it. Absent: it was cancelled. */
  readonly run?: number;
  /** It was cancelled since nobody reads it. */
  readonly isAlone?: true;
}

export interface AnsweringPorts {
  /** Absent: the broker keeps none. */
  readonly answers: AnswerStore | undefined;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info'>;
  /** Passes a notice on to the other nodes. */
  readonly tellOthers: (notice: AnswerNotice) => void;
  /** An answer was cancelled by this node, for the first time. Must not throw. */
  readonly onCancelled: (channel: ChannelName, id: string, why: 'cancelled' | 'alone') => void;
  /** On all nodes; `undefined` if there are none as far as they have said, and not all have. */
  readonly numSubscribers: (channel: ChannelName) => Promise<number | undefined>;
}

interface Watcher {
  readonly run: number;
  readonly stop: (why: Stop) => void;
}

const refusals = {
  absent: ['ERR_STREAM_UNKNOWN', 'there is no stream of this id: it was not opened, or is forgotten'],
  fenced: ['ERR_STREAM_LOST', 'another producer has opened the stream since'],
  ended: ['ERR_STREAM_ENDED', 'the stream has ended'],
  gap: ['ERR_STREAM_GAP', 'appends before this one are missing'],
  long: ['ERR_STREAM_FULL', 'the stream would be longer than streams.maxBytes'],
  full: ['ERR_STREAM_FULL', 'as many streams of the channel are open as streams.size says'],
  all: ['ERR_STREAM_FULL', 'all streams together have no more room'],
} as const satisfies Record<AnswerRefusal, readonly [FanfareErrorCode, string]>;

/** Readers and producers name an answer by its channel and its id. */
const keyOf = (channel: string, id: string) => `${channel}\n${id}`;

export class Answering {
  readonly #ports: AnsweringPorts;
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #producers = new Set<AnswerProducer>();
  readonly #alone: AloneStreams;

  constructor(ports: AnsweringPorts) {
    this.#ports = ports;
    const { clock, log, numSubscribers } = ports;
    this.#alone = new AloneStreams({
      clock,
      log,
      numSubscribers,
      cancel: (channel, rule, id) => this.#change(channel, rule, { kind: 'cancel', id }, { isAlone: true }),
    });
  }

  /** Answers that are produced on this node, by programs that hold them. */
  get numProducers(): number {
    return this.#producers.size;
  }

  /**
   * Makes a change. Rejects as the broker does.
   *
   * @throws FanfareError `ERR_NOT_AVAILABLE`, `ERR_MESSAGE_INVALID` for an id; `ERR_STREAM_UNKNOWN`, `ERR_STREAM_LOST`,
   *   `ERR_STREAM_ENDED`, `ERR_STREAM_GAP`, `ERR_STREAM_FULL` for what is refused
   */
  change(channel: ChannelName, rule: Rule, change: AnswerChange): Promise<AnswerStatus & { duplicate: boolean }> {
    return this.#change(channel, rule, change, {});
  }

  /** `undefined`: there is none of this id. */
  read(channel: ChannelName, rule: Rule, id: string): Promise<AnswerRead | undefined> {
    return this.#storeOf(channel, rule).store.get(channel, id);
  }

  /** Opens an answer, or goes on with it, for a program that holds it until its end. Throws as {@link change}. */
  async produce(
    channel: ChannelName,
    rule: Rule,
    open: Pick<Extract<AnswerChange, { kind: 'open' }>, 'id' | 'meta'>,
  ): Promise<AnswerProducer> {
    const { streams } = rule;
    if (streams === undefined) throw noStreams(channel);
    const status = await this.change(channel, rule, { kind: 'open', content: streams.content, ...open });
    const { clock } = this.#ports;
    const producer: AnswerProducer = new AnswerProducer({
      clock,
      terms: streams,
      id: open.id,
      status,
      change: (change) => this.change(channel, rule, change),
      onEnd: () => {
        stopWatching();
        this.#producers.delete(producer);
      },
    });
    const stopWatching = this.watch(channel, open.id, status.run, (why) => producer.stop(why));
    this.#producers.add(producer);
    if (status.isCancelled) producer.stop('cancelled');
    return producer;
  }

  /** Called once when a reader has cancelled the answer, or another producer has opened it. @returns ends that */
  watch(channel: ChannelName, id: string, run: number, stop: (why: Stop) => void): () => void {
    const key = keyOf(channel, id);
    const watchers = this.#watchers.get(key) ?? new Set();
    const watcher: Watcher = { run, stop };
    this.#watchers.set(key, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key);
    };
  }

  /** A notice of this node, or of another. */
  take({ channel, id, run, isAlone }: AnswerNotice): void {
    for (const watcher of [...(this.#watchers.get(keyOf(channel, id)) ?? [])]) {
      if (run === undefined) watcher.stop(isAlone ? 'alone' : 'cancelled');
      else if (watcher.run < run) watcher.stop('lost');
    }
  }

  /** What is produced here is interrupted at once. Resolves when the broker knows, or after the deadline. */
  async close(deadlineMs: number): Promise<void> {
    const { clock } = this.#ports;
    this.#alone.close();
    const ended = Promise.allSettled([...this.#producers].map((producer) => producer.interrupt()));
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.schedule(resolve, deadlineMs);
    });
    await Promise.race([ended, late]);
    cancel();
  }

  /** @param why of a cancellation, unless a reader has asked for it */
  async #change(
    channel: ChannelName,
    rule: Rule,
    change: AnswerChange,
    why: Pick<AnswerNotice, 'isAlone'>,
  ): Promise<AnswerStatus & { duplicate: boolean }> {
    const { store, limits } = this.#storeOf(channel, rule);
    if (!isMapKey(change.id)) {
      throw new FanfareError('ERR_MESSAGE_INVALID', `the id of a stream has from 1 to ${maxMapKeyBytes} bytes`);
    }
    const outcome = await store.change(channel, change, limits);
    count(rule, change, outcome);
    if (!outcome.ok) {
      const [code, message] = refusals[outcome.why];
      throw new FanfareError(code, `${message} (last append: ${outcome.seq})`);
    }
    const { id } = change;
    if (outcome.state === 'open' && !outcome.isCancelled) this.#alone.heard(channel, rule, id);
    else this.#alone.over(channel, id);
    if (change.kind === 'cancel' && !outcome.duplicate) {
      this.#announce({ channel, id, ...why });
      this.#ports.onCancelled(channel, id, why.isAlone ? 'alone' : 'cancelled');
    }
    if (change.kind === 'open' && outcome.run !== outcome.number) this.#announce({ channel, id, run: outcome.run });
    return outcome;
  }

  #announce(notice: AnswerNotice): void {
    this.take(notice);
    this.#ports.tellOthers(notice);
  }

  #storeOf(channel: ChannelName, rule: Rule): { readonly store: AnswerStore; readonly limits: AnswerLimits } {
    const limits = answerLimits(rule);
    const store = this.#ports.answers;
    if (limits === undefined || store === undefined) throw noStreams(channel);
    return { store, limits };
  }
}

function noStreams(channel: string): FanfareError {
  return new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" has no streams`);
}

function count({ counts }: Rule, change: AnswerChange, outcome: AnswerOutcome): void {
  if (!outcome.ok) counts.streamRefusals++;
  else if (outcome.duplicate) return;
  else if (change.kind === 'open') counts.streamsOpened++;
  else if (change.kind === 'append') counts.streamAppends++;
  else if (change.kind === 'cancel') counts.streamsCancelled++;
  else if (change.kind === 'end' && change.state === 'closed') counts.streamsClosed++;
  else if (change.kind === 'end' && change.state === 'failed') counts.streamsFailed++;
}
