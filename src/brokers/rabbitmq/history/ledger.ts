/**
 * The contents of a log, read from its oldest record: each channel's position and publications, and the keys. A pure
 * function of the records, so that all nodes get the same result.
 *
 * A node that starts late does not know the truncated records. So each record about a channel contains what its writer
 * knew (`Basis`). Everything else follows from two rules. A node that knows a channel continues counting; a writer that
 * knew nothing starts a new epoch, unless there are records about the channel that it cannot have seen. A node that
 * does not know the channel takes over what the writer knew, if it has read everything since; otherwise it reports that
 * it does not know, which is never wrong.
 */

import { idempotencyWindowMs, type Published } from '../../../engine/ports/broker.js';
import type { Clock } from '../../../engine/ports/clock.js';
import { assertNever } from '../../../model/assert-never.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { type Publication, publicationAt } from '../../../model/publication.js';
import { type HistoryUsage, Stream } from '../../memory/stream.js';
import type { Basis, LogEntry, LogRecord } from './log-record.js';

/** The result of one record. */
export type Outcome =
  | { readonly kind: 'done' }
  /** Of an older life, or too late: without effect on any node. */
  | { readonly kind: 'void' }
  /** Not known here, but known to nodes that have read more. */
  | { readonly kind: 'unknown'; readonly channel: ChannelName }
  | {
      readonly kind: 'published';
      readonly channel: ChannelName;
      readonly publication: Publication;
      readonly published: Published;
    };

interface LedgerOptions {
  /** Most characters of payload that are kept; beyond it, the least recently used channels are emptied. */
  readonly maxHistoryBytes: number;
  /** Most channels whose position is kept; beyond it, the least recently used are forgotten. */
  readonly maxStreams: number;
  /** How long an unused channel keeps its position. */
  readonly streamIdleMs: number;
  /** Whether this node has subscribers. */
  readonly isWanted: (channel: ChannelName) => boolean;
}

interface State {
  stream: Stream;
  /** Place of the last record about the channel. */
  active: number;
}

interface KnownKey {
  /** Absent: the result of the record is not known here. */
  readonly published: Published | undefined;
  /** Place of the record. */
  readonly at: number;
  readonly forgetAtMs: number;
}

interface Waiting {
  readonly at: number;
  readonly record: LogRecord;
  readonly entry: ChannelEntry;
  readonly ageMs: number;
}

type ChannelEntry = Exclude<LogEntry, { readonly kind: 'mark' | 'break' }>;

/** A publication with a key is void if it arrives this many records after it was written: keys are kept for as many. */
const maxLag = 50_000;
/** Records about an unknown channel that are kept until a later record has its state. */
const maxWaiting = 1_000;

export class Ledger {
  readonly #usage: HistoryUsage = { bytes: 0 };
  readonly #states = new Map<ChannelName, State>();
  readonly #keys = new Map<string, KnownKey>();
  readonly #waiting = new Map<ChannelName, Waiting[]>();
  #life = '';
  #last = -1;
  #lastId = '';
  /** Records from here on about channels without a state are all known: they are in {@link #waiting}. */
  #bound = 0;
  /** Keys from here on are all known. */
  #keyBound = 0;
  /** When the keys that are not known have expired, by the monotonic clock. */
  #keysCompleteAtMs = 0;

  constructor(private readonly options: LedgerOptions) {}

  /** The current life of the log; empty while unknown. */
  get life(): string {
    return this.#life;
  }

  /** Place of the last record that was read; -1 for none. */
  get last(): number {
    return this.#last;
  }

  get lastId(): string {
    return this.#lastId;
  }

  get numKeys(): number {
    return this.#keys.size;
  }

  /** Absent if its position is not known here. */
  stream(channel: ChannelName): Stream | undefined {
    return this.#states.get(channel)?.stream;
  }

  /** The basis of a record about the channel that is written now. */
  basis(channel: ChannelName, newEpoch: string): Basis {
    const state = this.#states.get(channel);
    const seen = this.#last;
    if (state !== undefined) {
      const { offset, epoch } = state.stream.top;
      return { channel, seen, known: { epoch, offset, active: state.active } };
    }
    const newest = this.#waiting.get(channel)?.at(-1);
    return { channel, seen, blindBefore: newest === undefined ? this.#bound : newest.at + 1, epoch: newEpoch };
  }

  /** The result of the first publication with the key, if there is one. */
  find(channel: ChannelName, key: string, nowMs: number): Published | 'unknown' | undefined {
    const known = this.#keys.get(keyOf(channel, key));
    if (known !== undefined && known.forgetAtMs > nowMs) return known.published ?? 'unknown';
    return nowMs < this.#keysCompleteAtMs ? 'unknown' : undefined;
  }

  /** The log is another one, or reading cannot continue. */
  forget(): void {
    this.#last = -1;
    this.#lastId = '';
    this.#life = '';
    this.#forgetBefore(0);
  }

  /**
   * Takes the next record.
   *
   * @param at its place in the log
   * @param ageMs how long ago it was written, for expiry
   */
  apply(at: number, record: LogRecord, nowMs: number, ageMs: number): Outcome {
    const isFirst = this.#last === -1;
    this.#last = at;
    this.#lastId = record.id;
    if (isFirst) {
      this.#forgetBefore(at);
      this.#keysCompleteAtMs = at === 0 ? 0 : nowMs + Math.max(0, idempotencyWindowMs - ageMs);
    }
    const { entry, life } = record;
    if (entry.kind === 'break') {
      this.#life = `${at}.${record.id}`;
      for (const { stream } of this.#states.values()) stream.epoch = this.#life;
      this.#giveUp();
      return { kind: 'done' };
    }
    if (life !== this.#life && life !== '' && beginOf(life) > beginOf(this.#life)) {
      // The break itself was truncated, so the records of an older life that were read are void.
      this.#forgetBefore(at);
      this.#life = life;
    }
    if (entry.kind === 'mark') return { kind: 'done' };
    if (life !== this.#life) return { kind: 'void' };
    return this.#about({ at, record, entry, ageMs }, nowMs);
  }

  /** Frees expired entries and those unused for long. */
  *sweep(clock: Pick<Clock, 'nowMs'>): Generator<void> {
    const { streamIdleMs, maxStreams, isWanted } = this.options;
    for (const [key, { forgetAtMs, at }] of this.#keys) {
      if (forgetAtMs > clock.nowMs() || at > this.#last - maxLag) break;
      this.#keys.delete(key);
      yield;
    }
    // In the order of last use.
    for (const [channel, { stream }] of this.#states) {
      yield;
      const nowMs = clock.nowMs();
      const excess = this.#states.size - maxStreams;
      const isIdle = stream.isEmptyAt(nowMs) && stream.lastUsedMs + streamIdleMs <= nowMs;
      if ((!isIdle && excess <= 0) || isWanted(channel)) continue;
      stream.clear();
      this.#states.delete(channel);
      this.#bound = this.#last + 1;
    }
  }

  #about(one: Waiting, nowMs: number): Outcome {
    const { entry, at } = one;
    const { channel } = entry.basis;
    if (entry.kind === 'publication' && entry.limits === undefined) return this.#deliverOnly(one, entry, nowMs);
    const state = this.#states.get(channel) ?? this.#determined(entry.basis, at, nowMs);
    if (state !== undefined) return this.#applied(state, one, nowMs);
    const waiting = this.#waiting.get(channel) ?? [];
    waiting.push(one);
    this.#waiting.set(channel, waiting);
    this.#doubt(one, nowMs);
    if (waiting.length > maxWaiting) this.#giveUp();
    return { kind: 'unknown', channel };
  }

  /** The state of a channel that is not known here, before a record with this basis. */
  #determined({ channel, seen, known, blindBefore, epoch }: Basis, at: number, nowMs: number): State | undefined {
    const waiting = this.#waiting.get(channel) ?? [];
    if (known !== undefined) {
      if (seen < this.#bound - 1) return undefined;
      this.#waiting.delete(channel);
      const state = this.#begin(channel, known.epoch, known.offset, known.active, nowMs);
      for (const one of waiting) {
        if (one.at <= seen || this.#applied(state, one, nowMs).kind !== 'unknown') continue;
        return undefined;
      }
      return state;
    }
    if (blindBefore === undefined || epoch === undefined || blindBefore < this.#bound) return undefined;
    if (waiting.some((one) => one.at >= blindBefore)) return undefined;
    this.#waiting.delete(channel);
    return this.#begin(channel, epoch, 0, at, nowMs);
  }

  #begin(channel: ChannelName, epoch: string, offset: number, active: number, nowMs: number): State {
    const state = { stream: new Stream(epoch, nowMs, this.#usage, offset), active };
    this.#states.set(channel, state);
    return state;
  }

  #applied(state: State, one: Waiting, nowMs: number): Outcome {
    const { at, entry, ageMs } = one;
    const { channel, seen, blindBefore, epoch } = entry.basis;
    if (blindBefore !== undefined && epoch !== undefined && state.active < blindBefore) {
      state.stream.clear();
      state.stream = new Stream(epoch, nowMs, this.#usage);
    }
    state.active = at;
    // The order of the map is that of last use.
    this.#states.delete(channel);
    this.#states.set(channel, state);
    switch (entry.kind) {
      case 'open':
        return { kind: 'done' };
      case 'clear':
        state.stream.clear();
        return { kind: 'done' };
      case 'publication': {
        const { publication, limits, key } = entry;
        if (key !== undefined) {
          const earlier = this.#earlier(channel, key, seen, at);
          if (earlier === 'void') return { kind: 'void' };
          if (earlier === 'unknown') {
            this.#doubt(one, nowMs);
            this.#giveUp();
            state.stream.clear();
            this.#states.delete(channel);
            return { kind: 'unknown', channel };
          }
          if (earlier !== undefined) return published(channel, publicationAt(publication, 0), earlier, true);
        }
        const placed =
          limits === undefined
            ? publicationAt(publication, 0)
            : state.stream.append(publication, limits, nowMs - Math.min(ageMs, limits.ttlMs));
        this.#evict(channel);
        const result = { position: state.stream.top, duplicate: false };
        if (key !== undefined) this.#remember(channel, key, result, at, nowMs - ageMs);
        return published(channel, placed, result, false);
      }
      default:
        return assertNever(entry);
    }
  }

  /** A publication without a stream is in the log because of its key. */
  #deliverOnly(
    one: Waiting,
    { basis: { channel, seen }, publication, key = '' }: Extract<ChannelEntry, { kind: 'publication' }>,
    nowMs: number,
  ): Outcome {
    const { at, ageMs } = one;
    const earlier = this.#earlier(channel, key, seen, at);
    if (earlier === 'void') return { kind: 'void' };
    if (earlier === 'unknown') {
      this.#doubt(one, nowMs);
      return { kind: 'unknown', channel };
    }
    const placed = publicationAt(publication, 0);
    if (earlier !== undefined) return published(channel, placed, earlier, true);
    const result = { position: { offset: 0, epoch: '' }, duplicate: false };
    this.#remember(channel, key, result, at, nowMs - ageMs);
    return published(channel, placed, result, false);
  }

  /** The writer has looked for the key in the records that it had seen; every node checks the later ones. */
  #earlier(channel: ChannelName, key: string, seen: number, at: number): Published | undefined | 'void' | 'unknown' {
    if (at - seen > maxLag) return 'void';
    if (seen < this.#keyBound - 1) return 'unknown';
    const known = this.#keys.get(keyOf(channel, key));
    if (known === undefined || known.at <= seen || known.at === at) return undefined;
    return known.at > at ? 'unknown' : (known.published ?? 'unknown');
  }

  /** Its key has been used, by this record or an earlier one. */
  #doubt({ entry, at, ageMs }: Waiting, nowMs: number): void {
    if (entry.kind !== 'publication' || entry.key === undefined) return;
    const { key, basis } = entry;
    const known = this.#keys.get(keyOf(basis.channel, key));
    if (known !== undefined && known.at > basis.seen) return;
    this.#remember(basis.channel, key, undefined, at, nowMs - ageMs);
  }

  #remember(channel: ChannelName, key: string, result: Published | undefined, at: number, firstMs: number): void {
    const entry = keyOf(channel, key);
    // Moved to the end, to keep the order of the log.
    this.#keys.delete(entry);
    this.#keys.set(entry, { published: result, at, forgetAtMs: firstMs + idempotencyWindowMs });
  }

  /** Empties the least recently used channels, and keeps their positions. */
  #evict(keep: ChannelName): void {
    const { maxHistoryBytes } = this.options;
    if (this.#usage.bytes <= maxHistoryBytes) return;
    for (const [channel, { stream }] of this.#states) {
      if (this.#usage.bytes <= maxHistoryBytes * 0.9) return;
      if (channel !== keep) stream.clear();
    }
  }

  /** Up to here nothing is known about channels without a state. */
  #giveUp(): void {
    this.#bound = this.#last + 1;
    this.#waiting.clear();
  }

  #forgetBefore(at: number): void {
    for (const { stream } of this.#states.values()) stream.clear();
    this.#states.clear();
    this.#keys.clear();
    this.#keyBound = at;
    this.#bound = at;
    this.#waiting.clear();
  }
}

function published(channel: ChannelName, publication: Publication, result: Published, duplicate: boolean): Outcome {
  return { kind: 'published', channel, publication, published: { ...result, duplicate } };
}

/** Place in the log at which a life has started; -1 for none. */
function beginOf(life: string): number {
  return life === '' ? -1 : Number(life.slice(0, life.indexOf('.')));
}

/** Channel names have no control characters, so the NUL separates unambiguously. */
function keyOf(channel: ChannelName, key: string): string {
  return `${channel}\u0000${key}`;
}
