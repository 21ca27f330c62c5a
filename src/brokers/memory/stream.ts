/** The kept publications of one channel, in memory. */

import type { HistoryPage, HistoryQuery, StreamLimits, Version } from '../../engine/ports/broker.js';
import { payloadLength } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import { type NewPublication, type Publication, publicationAt } from '../../model/publication.js';

/** Bytes of payload that all streams of a broker keep together. */
export interface HistoryUsage {
  bytes: number;
}

/** With fewer free places, a new list is not worth it. */
const minDropped = 16;

/**
 * Offsets are consecutive, so a publication's index in the list follows from its offset. The position outlives the
 * publications; only a stream that is dropped gets another epoch when it is used again.
 */
export class Stream {
  /** Changes when publications may have been lost. */
  epoch: string;
  /** Publications before {@link #head} are gone; their places are freed in batches. */
  #publications: (Publication | undefined)[] = [];
  #head = 0;
  #offset: number;
  /** The publications are gone from this time on, by the monotonic clock. */
  #emptyAtMs = Number.POSITIVE_INFINITY;
  lastUsedMs: number;
  /** The newest version, if any publication had one. */
  newestVersion: Version | undefined;
  readonly #usage: HistoryUsage;

  /** @param offset the offset of the last publication, if the stream begins without its publications */
  constructor(epoch: string, nowMs: number, usage: HistoryUsage, offset = 0) {
    this.epoch = epoch;
    this.#offset = offset;
    this.#usage = usage;
    this.lastUsedMs = nowMs;
  }

  get top(): Position {
    return { offset: this.#offset, epoch: this.epoch };
  }

  append(publication: NewPublication, limits: StreamLimits, nowMs: number): Publication {
    this.#expire(nowMs);
    this.#offset++;
    const placed = publicationAt(publication, this.#offset);
    this.#publications.push(placed);
    this.#usage.bytes += payloadLength(placed.data);
    const excess = this.#size - limits.size;
    if (excess > 0) this.#drop(excess);
    this.#emptyAtMs = nowMs + limits.ttlMs;
    this.lastUsedMs = nowMs;
    return placed;
  }

  /** Uses the next offset for something that is kept elsewhere, or nowhere. */
  advance(nowMs: number): Position {
    // Offsets of what is kept are consecutive.
    this.clear();
    this.#offset++;
    this.lastUsedMs = nowMs;
    return this.top;
  }

  read(query: HistoryQuery, nowMs: number): HistoryPage {
    this.#expire(nowMs);
    this.lastUsedMs = nowMs;
    const { since, reverse, limit } = query;
    const { top } = this;
    if (since !== undefined && since.epoch !== undefined && since.epoch !== this.epoch) {
      return { top, publications: [], continuous: false };
    }
    return reverse ? this.#backward(since?.offset, limit) : this.#forward(since?.offset, limit);
  }

  /** Drops all publications; the position stays. */
  clear(): void {
    this.#drop(this.#size);
  }

  get #size(): number {
    return this.#publications.length - this.#head;
  }

  /** Drops the oldest publications. */
  #drop(count: number): void {
    const end = this.#head + count;
    for (; this.#head < end; this.#head++) {
      const dropped = this.#publications[this.#head];
      if (dropped !== undefined) this.#usage.bytes -= payloadLength(dropped.data);
      this.#publications[this.#head] = undefined;
    }
    // Removing the first element moves all others, so places are freed only when they are half of the list.
    if (this.#size > 0 && (this.#head < minDropped || this.#head < this.#size)) return;
    this.#publications = this.#publications.slice(this.#head);
    this.#head = 0;
  }

  #forward(since: number | undefined, limit: number): HistoryPage {
    const oldest = this.#oldest;
    const first = since === undefined ? oldest : since + 1;
    const continuous = since === undefined || (since <= this.#offset && first >= oldest);
    const start = Math.max(0, first - oldest);
    return { top: this.top, publications: this.#slice(start, start + limit), continuous };
  }

  #backward(before: number | undefined, limit: number): HistoryPage {
    const end = Math.min(this.#size, (before ?? this.#offset + 1) - this.#oldest);
    const publications = end <= 0 ? [] : this.#slice(Math.max(0, end - limit), end).reverse();
    const continuous = before === undefined || before <= this.#offset + 1;
    return { top: this.top, publications, continuous };
  }

  /** Offset of the oldest kept publication, or of the next one. */
  get #oldest(): number {
    return this.#offset + 1 - this.#size;
  }

  #slice(start: number, end: number): Publication[] {
    // safe: there are no empty places from the head on
    return this.#publications.slice(this.#head + start, this.#head + end) as Publication[];
  }

  #expire(nowMs: number): void {
    if (nowMs < this.#emptyAtMs) return;
    this.clear();
    this.#emptyAtMs = Number.POSITIVE_INFINITY;
  }

  /** Whether the publications have expired. */
  isEmptyAt(nowMs: number): boolean {
    this.#expire(nowMs);
    return this.#size === 0;
  }
}
