/** One stream of a modelled JetStream: its messages, and what it knows of ids and times. */

import { JetStreamError } from './jetstream-error.js';
import { covers } from './nats-subject.js';

export type Headers = Readonly<Record<string, string>>;

export interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  readonly text: string;
  readonly timeMs: number;
  /** Gone from then on, if it has a time of its own. */
  readonly endsMs: number;
}

/** What the model reads of a stream's configuration. */
export interface StreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly storage?: string;
  readonly republish?: { readonly src: string; readonly dest: string };
  readonly max_msgs_per_subject?: number;
  readonly max_age?: number;
  readonly duplicate_window?: number;
  readonly num_replicas?: number;
  readonly allow_direct?: boolean;
}

export interface Expected {
  readonly streamName?: string;
  readonly lastSubjectSequence?: number;
  /** Of which subject. Default: that of the message. */
  readonly lastSubjectSequenceSubject?: string;
}

export interface Storing {
  readonly expect?: Expected;
  readonly id?: string | undefined;
  readonly headers?: Headers;
}

export interface Query {
  readonly seq?: number;
  readonly last_by_subj?: string;
  readonly next_by_subj?: string;
}

const nsPerMs = 1_000_000;
const defaultWindowNs = 120_000 * nsPerMs;

/** A message that is stored, and the number of the one before it with its subject. */
export interface Stored {
  readonly message: StoredMessage;
  readonly before: number;
}

export class KeptStream {
  config: StreamConfig;
  messages: StoredMessage[] = [];
  lastSeq = 0;
  readonly ids = new Map<string, { readonly seq: number; readonly atMs: number }>();

  constructor(
    config: StreamConfig,
    readonly createdMs: number,
  ) {
    this.config = { num_replicas: 1, ...config };
  }

  /** As it is at this moment. */
  copy(): KeptStream {
    const copy = new KeptStream(this.config, this.createdMs);
    copy.messages = [...this.messages];
    copy.lastSeq = this.lastSeq;
    for (const [id, known] of this.ids) copy.ids.set(id, known);
    return copy;
  }

  /** It is read again from where it is stored: ids are known again of messages that are still there. */
  reopened(): void {
    const kept = new Set(this.messages.map(({ seq }) => seq));
    for (const [id, { seq }] of this.ids) if (!kept.has(seq)) this.ids.delete(id);
  }

  find({ seq, last_by_subj: last, next_by_subj: next }: Query, nowMs: number): StoredMessage | undefined {
    this.#expire(nowMs);
    if (last !== undefined) return this.messages.findLast(({ subject }) => subject === last);
    if (next === undefined) return this.messages.find((one) => one.seq === seq);
    return this.messages.find((one) => one.seq >= (seq ?? 1) && covers(next, one.subject));
  }

  /** The last message of each of these subjects, in their order. */
  lastOfEach(subjects: readonly string[], nowMs: number): StoredMessage[] {
    this.#expire(nowMs);
    const found = new Map<string, StoredMessage>();
    for (const one of this.messages) {
      if (!subjects.some((pattern) => covers(pattern, one.subject))) continue;
      found.delete(one.subject);
      found.set(one.subject, one);
    }
    return [...found.values()].sort((a, b) => a.seq - b.seq);
  }

  /** So many messages of a pattern from a number on. */
  from(seq: number, pattern: string, most: number, nowMs: number): StoredMessage[] {
    this.#expire(nowMs);
    return this.messages.filter((one) => one.seq >= seq && covers(pattern, one.subject)).slice(0, most);
  }

  subjects(pattern: string, nowMs: number): Record<string, number> {
    this.#expire(nowMs);
    const counts: Record<string, number> = {};
    for (const { subject } of this.messages) {
      if (covers(pattern, subject)) counts[subject] = (counts[subject] ?? 0) + 1;
    }
    return counts;
  }

  /** Drops messages of a pattern below a number. */
  purge(pattern: string, seq: number): void {
    this.messages = this.messages.filter((one) => one.seq >= seq || !covers(pattern, one.subject));
  }

  /** @returns the number of an earlier message with the same id, if there is one. @throws JetStreamError */
  store(subject: string, text: string, { expect = {}, id, headers = {} }: Storing, nowMs: number): Stored | number {
    const { streamName, lastSubjectSequence, lastSubjectSequenceSubject = subject } = expect;
    if (streamName !== undefined && streamName !== this.config.name) {
      throw new JetStreamError(10_060, 'expected stream does not match');
    }
    this.#expire(nowMs);
    const windowMs = (this.config.duplicate_window ?? defaultWindowNs) / nsPerMs;
    const known = id === undefined ? undefined : this.ids.get(id);
    if (known !== undefined && nowMs - known.atMs < windowMs) return known.seq;
    const expected = this.#lastSeqOf(lastSubjectSequenceSubject);
    if (lastSubjectSequence !== undefined && lastSubjectSequence !== expected) {
      throw new JetStreamError(10_071, `wrong last sequence: ${expected}`);
    }
    const before = this.#lastSeqOf(subject);
    const ttl = /^(\d+)s$/.exec(headers['Nats-TTL'] ?? '')?.[1];
    const endsMs = ttl === undefined ? Number.POSITIVE_INFINITY : nowMs + Number(ttl) * 1_000;
    const message = { seq: ++this.lastSeq, subject, text, timeMs: nowMs, endsMs };
    if (headers['Nats-Rollup'] === 'sub') this.messages = this.messages.filter((one) => one.subject !== subject);
    this.messages.push(message);
    if (id !== undefined) this.ids.set(id, { seq: message.seq, atMs: nowMs });
    this.#trim(subject);
    return { message, before };
  }

  #lastSeqOf(subject: string): number {
    return this.messages.findLast((one) => one.subject === subject)?.seq ?? 0;
  }

  #expire(nowMs: number): void {
    const maxAgeMs = (this.config.max_age ?? 0) / nsPerMs;
    const isOver = ({ timeMs, endsMs }: StoredMessage) =>
      endsMs <= nowMs || (maxAgeMs > 0 && nowMs - timeMs >= maxAgeMs);
    if (this.messages.some(isOver)) this.messages = this.messages.filter((one) => !isOver(one));
  }

  #trim(subject: string): void {
    const most = this.config.max_msgs_per_subject ?? 0;
    if (most <= 0) return;
    const count = this.messages.reduce((sum, one) => sum + (one.subject === subject ? 1 : 0), 0);
    if (count > most)
      this.messages.splice(
        this.messages.findIndex((one) => one.subject === subject),
        1,
      );
  }
}
