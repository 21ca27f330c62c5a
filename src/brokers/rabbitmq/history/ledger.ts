/**
 * What a log says, read from wherever its oldest record is by now: the place of each channel, its publications, the keys.
 * A pure function of the records, so that all nodes, which read the same ones, come to the same.
 *
 * A node that begins late does not know what was in the records that are gone. So each record about a channel tells what
 * its writer knew (`Basis`). Two rules follow, and everything else from them. Who knows a channel goes on counting; a
 * writer that knew nothing begins a new epoch if the last record about the channel is among those that it cannot have
 * seen. Who does not know it takes over what the writer knew, if it has read all since the writer had; otherwise it says
 * that it does not know, which is never wrong.
 */

import { idempotencyWindowMs, type Published } from '../../../engine/ports/broker.js';
import type { Clock } from '../../../engine/ports/clock.js';
import { assertNever } from '../../../model/assert-never.js';
import type { ChannelName } from '../../../model/channel-name.js';
import { type Publication, publicationAt } from '../../../model/publication.js';
import { type HistoryUsage, Stream } from '../../memory/stream.js';
import type { Basis, LogEntry, LogRecord } from './log-record.js';

/** What became of one record. */
export type Outcome =
  | { readonly kind: 'done' }
  /** Of an older life, or too late: it has no effect anywhere. */
  | { readonly kind: 'void' }
  /** It has an effect where more is known than here. */
  | { readonly kind: 'unknown'; readonly channel: ChannelName }
  | {
      readonly kind: 'published';
      readonly channel: ChannelName;
      readonly publication: Publication;
      readonly published: Published;
    };

interface LedgerOptions {
  /** Most characters of payload that are kept; beyond, the longest unused channels are emptied. */
  readonly maxHistoryBytes: number;
  /** Most channels whose place is kept; beyond, the longest unused ones are forgotten. */
  readonly maxStreams: number;
  /** How long a channel that nobody uses keeps its place. */
  readonly streamIdleMs: number;
  /** Whether somebody here is subscribed. */
  readonly isWanted: (channel: ChannelName) => boolean;
}

interface State {
  stream: Stream;
  /** Where the last record about the channel is. */
  active: number;
}

interface KnownKey {
  /** Absent: what became of the record is not known here. */
  readonly published: Published | undefined;
  /** Where the record is. */
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

/** A publication with a key that was written so many records before it arrived is void: keys are kept at least so long. */
const maxLag = 50_000;
/** Records about one channel of which nothing is known that are kept in the hope of a later one that tells. */
const maxWaiting = 1_000;

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #usage: HistoryUsage = { bytes: 0 };
  readonly #states = new Map<ChannelName, State>();
  readonly #keys = new Map<string, KnownKey>();
  readonly #waiting = new Map<ChannelName, Waiting[]>();
  #life = '';
  #last = -1;
  #lastId = '';
  /** Of a channel without a state, all records from here on are known: those in {@link #waiting}. */
  #bound = 0;
  /** All keys from here on are known. */
  #keyBound = 0;
  /** When the keys that are not known have expired, by the monotonic clock. */
  #keysCompleteAtMs = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Of the log; empty when none is known. */
  get life(): string {
    return this.#life;
  }

  /** Where the last record is that was read, -1 for none. */
  get last(): number {
    return this.#last;
  }

  get lastId(): string {
    return this.#lastId;
  }

  get numKeys(): number {
    return this.#keys.size;
  }

  /** Absent: its place is not known here. */
  stream(channel: ChannelName): Stream | undefined {
    return this.#states.get(channel)?.stream;
  }

  /** For a record about the channel, written now. */
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

  /** What the first publication with the key became; nothing when there is none. */
  find(channel: ChannelName, key: string, nowMs: number): Published | 'unknown' | undefined {
    const known = this.#keys.get(keyOf(channel, key));
    if (known !== undefined && known.forgetAtMs > nowMs) return known.published ?? 'unknown';
    return nowMs < this.#keysCompleteAtMs ? 'unknown' : undefined;
  }

  /** The log is another one, or its continuation is lost. */
  forget(): void {
    this.#last = -1;
    this.#lastId = '';
    this.#life = '';
    this.#forgetBefore(0);
  }

  /**
   * Takes the next record.
   *
   * @param at where it is in the log
   * @param ageMs how long ago it was written, as far as that matters for what expires
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
      // The break itself is among the records that are gone, and so what was read of an older life was void.
      this.#forgetBefore(at);
      this.#life = life;
    }
    if (entry.kind === 'mark') return { kind: 'done' };
    if (life !== this.#life) return { kind: 'void' };
    return this.#about({ at, record, entry, ageMs }, nowMs);
  }

  /** Frees what has expired, and what nobody has used for long. */
  *sweep(clock: Pick<Clock, 'nowMs'>): Generator<void> {
    const { streamIdleMs, maxStreams, isWanted } = this.#options;
    for (const [key, { forgetAtMs, at }] of this.#keys) {
      if (forgetAtMs > clock.nowMs() || at > this.#last - maxLag) break;
      this.#keys.delete(key);
      yield;
    }
    // In the order of their last use.
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
    // The order of the map is that of the last use.
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

  /** A publication that no stream keeps is here because of its key. */
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

  /** The writer has looked for the key in what it had seen; what came between is looked at by everyone. */
  #earlier(channel: ChannelName, key: string, seen: number, at: number): Published | undefined | 'void' | 'unknown' {
    if (at - seen > maxLag) return 'void';
    if (seen < this.#keyBound - 1) return 'unknown';
    const known = this.#keys.get(keyOf(channel, key));
    if (known === undefined || known.at <= seen || known.at === at) return undefined;
    return known.at > at ? 'unknown' : (known.published ?? 'unknown');
  }

  /** Its key is used, by this record or an earlier one. */
  #doubt({ entry, at, ageMs }: Waiting, nowMs: number): void {
    if (entry.kind !== 'publication' || entry.key === undefined) return;
    const { key, basis } = entry;
    const known = this.#keys.get(keyOf(basis.channel, key));
    if (known !== undefined && known.at > basis.seen) return;
    this.#remember(basis.channel, key, undefined, at, nowMs - ageMs);
  }

  #remember(channel: ChannelName, key: string, result: Published | undefined, at: number, firstMs: number): void {
    const entry = keyOf(channel, key);
    // To the end: the order is that of the log.
    this.#keys.delete(entry);
    this.#keys.set(entry, { published: result, at, forgetAtMs: firstMs + idempotencyWindowMs });
  }

  /** Empties channels that were not used for long, and keeps their places. */
  #evict(keep: ChannelName): void {
    const { maxHistoryBytes } = this.#options;
    if (this.#usage.bytes <= maxHistoryBytes) return;
    for (const [channel, { stream }] of this.#states) {
      if (this.#usage.bytes <= maxHistoryBytes * 0.9) return;
      if (channel !== keep) stream.clear();
    }
  }

  /** Of channels without a state, nothing is known up to here. */
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

/** Where in the log a life has begun; -1 for none. */
function beginOf(life: string): number {
  return life === '' ? -1 : Number(life.slice(0, life.indexOf('.')));
}

/** Channel names have no control characters, so nothing else ends at the NUL. */
function keyOf(channel: ChannelName, key: string): string {
  return `${channel}\u0000${key}`;
}
