/** The answers of the memory broker. Each change happens at once, so that nothing can come between its parts. */

import type {
  AnswerChange,
  AnswerLimits,
  AnswerOutcome,
  AnswerRead,
  AnswerStatus,
  PartPublication,
} from '../../engine/ports/answer-store.js';
import type { HistoryPage, HistoryQuery, HistoryStore, KeptAnswers } from '../../engine/ports/broker.js';
import type { Cancel, Clock } from '../../engine/ports/clock.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { Position } from '../../model/position.js';
import { partPublication } from '../../model/publication.js';
import { answerPage } from '../answer-page.js';
import { type Answer, changed, interrupted, isFinal, sizeOf, wholePart } from '../answer-state.js';
import { SplitMap } from './split-map.js';

/** Where offsets come from, and where parts go. */
export interface PartStreams {
  /** Uses the next offset without keeping anything. @throws FanfareError `ERR_CLOSED` */
  advance(channel: ChannelName): Position;
  deliver(channel: ChannelName, publication: PartPublication): void;
  /** Makes the stream if there is none. */
  top(channel: ChannelName): Position;
}

export interface MemoryAnswersOptions {
  readonly clock: Clock;
  readonly streams: PartStreams;
  /** Of all answers, in characters. */
  readonly maxBytes: number;
}

/** Figures of all channels; most only grow. */
interface AnswerFigures {
  answers: number;
  open: number;
  /** Answers whose producers were not heard any more. */
  interrupted: number;
}

interface Kept {
  answer: Answer;
  limits: AnswerLimits;
  /** While it is open: when it is interrupted. Afterwards: when it is forgotten. By the monotonic clock. */
  dueMs: number;
}

interface AnswerChannel {
  /** In the order of their last changes. */
  readonly kept: Map<string, Kept>;
  /** The newest offset of an answer that was forgotten. */
  forgottenUpTo: number;
}

/** Of all channels: each takes some hundred bytes beside its text. */
const maxAnswers = 1_000_000;
/** How often it is looked whose producer is silent. */
const lookEveryMs = 1_000;

export class MemoryAnswers implements KeptAnswers {
  readonly #clock: Clock;
  readonly #streams: PartStreams;
  readonly #maxBytes: number;
  readonly #channels = new SplitMap<ChannelName, AnswerChannel>();
  /** Those that are open. */
  readonly #open = new Map<Kept, ChannelName>();
  readonly figures: AnswerFigures = { answers: 0, open: 0, interrupted: 0 };
  /** Characters of all answers. */
  bytes = 0;
  #look: Cancel | undefined;

  readonly history: HistoryStore = {
    read: async (channel, query) => this.#read(channel, query),
    remove: async (channel) => this.#clear(channel),
  };

  constructor({ clock, streams, maxBytes }: MemoryAnswersOptions) {
    this.#clock = clock;
    this.#streams = streams;
    this.#maxBytes = maxBytes;
  }

  /** Whether the channel has answers, so that its stream must be kept. */
  has(channel: ChannelName): boolean {
    return (this.#channels.get(channel)?.kept.size ?? 0) > 0;
  }

  async change(channel: ChannelName, change: AnswerChange, limits: AnswerLimits): Promise<AnswerOutcome> {
    const known = this.#channels.get(channel);
    if (known !== undefined) this.#forgetLapsed(known);
    const current = known?.kept.get(change.id);
    const next = this.#streams.top(channel).offset + 1;
    const step = changed(current?.answer, change, next, limits);
    if (step.kind === 'refused') return { ok: false, why: step.why, seq: step.seq };
    if (step.kind === 'duplicate') {
      if (current !== undefined && change.kind !== 'cancel') this.#heard(current);
      return { ok: true, duplicate: true, ...this.#statusOf(channel, step.answer) };
    }
    if (step.kind === 'noted') {
      if (current !== undefined) {
        current.answer = step.answer;
        if (change.kind !== 'cancel') this.#heard(current);
      }
      return { ok: true, duplicate: false, ...this.#statusOf(channel, step.answer) };
    }
    const added = sizeOf(step.answer) - (current === undefined ? 0 : sizeOf(current.answer));
    const isTooMany = current === undefined && this.figures.answers >= maxAnswers;
    if (isTooMany || this.bytes + added > this.#maxBytes)
      return { ok: false, why: 'all', seq: current?.answer.seq ?? 0 };
    if (current === undefined && known !== undefined && !this.#makeRoom(known, limits.size)) {
      return { ok: false, why: 'full', seq: 0 };
    }
    const position = this.#streams.advance(channel);
    this.#put(channel, step.answer, limits);
    this.#streams.deliver(channel, partPublication(step.part, position.offset));
    return { ok: true, duplicate: false, ...this.#statusOf(channel, step.answer) };
  }

  async get(channel: ChannelName, id: string): Promise<AnswerRead | undefined> {
    const known = this.#channels.get(channel);
    if (known !== undefined) this.#forgetLapsed(known);
    const answer = known?.kept.get(id)?.answer;
    return answer && { ...this.#statusOf(channel, answer), part: wholePart(answer) };
  }

  #read(channel: ChannelName, query: HistoryQuery): HistoryPage {
    const top = this.#streams.top(channel);
    const known = this.#channels.get(channel);
    if (known !== undefined) this.#forgetLapsed(known);
    const answers = [...(known?.kept.values() ?? [])].map(({ answer }) => answer);
    return answerPage({ top, answers, forgottenUpTo: known?.forgottenUpTo ?? 0 }, query);
  }

  /** Forgets the answers that have ended. */
  #clear(channel: ChannelName): void {
    const known = this.#channels.get(channel);
    for (const kept of [...(known?.kept.values() ?? [])]) {
      if (known !== undefined && isFinal(kept.answer)) this.#forget(known, kept);
    }
  }

  close(): void {
    this.#look?.();
    this.#channels.clear();
    this.#open.clear();
  }

  /** Forgets what has lapsed. */
  *sweep(): Generator<void> {
    for (const [, known] of this.#channels) {
      this.#forgetLapsed(known);
      yield;
    }
  }

  /** The stream of the channel is gone, and with it the offsets of its answers. */
  dropped(channel: ChannelName): void {
    const known = this.#channels.get(channel);
    if (known === undefined) return;
    for (const kept of known.kept.values()) this.#forget(known, kept);
    this.#channels.delete(channel);
  }

  #statusOf(channel: ChannelName, answer: Answer): AnswerStatus {
    const { number, run, seq, length, state, isCancelled, offset } = answer;
    const position = { offset, epoch: this.#streams.top(channel).epoch };
    return { position, number, run, seq, length, state, isCancelled };
  }

  #put(channel: ChannelName, answer: Answer, limits: AnswerLimits): void {
    let known = this.#channels.get(channel);
    if (known === undefined) {
      known = { kept: new Map(), forgottenUpTo: 0 };
      this.#channels.set(channel, known);
    }
    const kept = known.kept.get(answer.id) ?? { answer, limits, dueMs: 0 };
    // At the end, since it is the last that has changed.
    if (known.kept.delete(answer.id)) this.bytes -= sizeOf(kept.answer);
    else this.figures.answers++;
    known.kept.set(answer.id, kept);
    this.bytes += sizeOf(answer);
    kept.answer = answer;
    kept.limits = limits;
    if (answer.state === 'open') this.#open.set(kept, channel);
    else this.#open.delete(kept);
    this.figures.open = this.#open.size;
    this.#heard(kept);
  }

  #heard(kept: Kept): void {
    const { answer, limits } = kept;
    kept.dueMs = this.#clock.nowMs() + (answer.state === 'open' ? limits.silenceMs : limits.ttlMs);
    if (this.#open.size > 0) this.#look ??= this.#clock.schedule(() => this.#interruptSilent(), lookEveryMs);
  }

  #interruptSilent(): void {
    this.#look = undefined;
    const nowMs = this.#clock.nowMs();
    for (const [kept, channel] of [...this.#open]) {
      if (kept.dueMs > nowMs) continue;
      const position = this.#streams.advance(channel);
      const { answer, part } = interrupted(kept.answer, position.offset);
      this.figures.interrupted++;
      this.#put(channel, answer, kept.limits);
      this.#streams.deliver(channel, partPublication(part, position.offset));
    }
    if (this.#open.size > 0) this.#look ??= this.#clock.schedule(() => this.#interruptSilent(), lookEveryMs);
  }

  /** Forgets the oldest that is not open, if there are too many for another one. @returns whether there is room */
  #makeRoom(known: AnswerChannel, size: number): boolean {
    while (known.kept.size >= size) {
      const oldest = [...known.kept.values()].find(({ answer }) => answer.state !== 'open');
      if (oldest === undefined) return false;
      this.#forget(known, oldest);
    }
    return true;
  }

  #forgetLapsed(known: AnswerChannel): void {
    const nowMs = this.#clock.nowMs();
    for (const kept of known.kept.values()) {
      if (kept.answer.state === 'open') continue;
      // The others are in the order in which they are due.
      if (kept.dueMs > nowMs) return;
      this.#forget(known, kept);
    }
  }

  #forget(known: AnswerChannel, kept: Kept): void {
    const { id, offset } = kept.answer;
    if (!known.kept.delete(id)) return;
    this.#open.delete(kept);
    this.figures.answers--;
    this.figures.open = this.#open.size;
    this.bytes -= sizeOf(kept.answer);
    known.forgottenUpTo = Math.max(known.forgottenUpTo, offset);
  }
}
