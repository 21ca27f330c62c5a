/** The kept publications of one channel, in memory. */

import type { HistoryPage, HistoryQuery, StreamLimits, Version } from '../../engine/ports/broker.js';
import type { Position } from '../../model/position.js';
import type { NewPublication, Publication } from '../../model/publication.js';

/** Bytes of payload that all streams of a broker keep together. */
export interface HistoryUsage {
  bytes: number;
}

/**
 * Offsets are consecutive, so the place of a publication in the list follows from its offset. The position outlives
 * the publications; only when the stream itself is dropped does a later one get another epoch.
 */
export class Stream {
  /** Another one when publications may have been lost. */
  epoch: string;
  #publications: Publication[] = [];
  #offset: number;
  /** The publications are gone from this time on, by the monotonic clock. */
  #emptyAtMs = Number.POSITIVE_INFINITY;
  lastUsedMs: number;
  /** The newest of those that had one. */
  newestVersion: Version | undefined;
  readonly #usage: HistoryUsage;

  /** @param offset of the last publication, of which nothing is kept */
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
    const placed: Publication = { ...publication, offset: this.#offset };
    this.#publications.push(placed);
    this.#usage.bytes += placed.data.length;
    const excess = this.#publications.length - limits.size;
    if (excess > 0) this.#drop(excess);
    this.#emptyAtMs = nowMs + limits.ttlMs;
    this.lastUsedMs = nowMs;
    return placed;
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
    this.#drop(this.#publications.length);
  }

  /** The oldest ones. */
  #drop(count: number): void {
    for (const { data } of this.#publications.splice(0, count)) this.#usage.bytes -= data.length;
  }

  #forward(since: number | undefined, limit: number): HistoryPage {
    const oldest = this.#publications[0]?.offset ?? this.#offset + 1;
    const first = since === undefined ? oldest : since + 1;
    const continuous = since === undefined || (since <= this.#offset && first >= oldest);
    const start = Math.max(0, first - oldest);
    return { top: this.top, publications: this.#publications.slice(start, start + limit), continuous };
  }

  #backward(before: number | undefined, limit: number): HistoryPage {
    const oldest = this.#publications[0]?.offset ?? this.#offset + 1;
    const end = Math.min(this.#publications.length, (before ?? this.#offset + 1) - oldest);
    const publications = end <= 0 ? [] : this.#publications.slice(Math.max(0, end - limit), end).reverse();
    const continuous = before === undefined || before <= this.#offset + 1;
    return { top: this.top, publications, continuous };
  }

  #expire(nowMs: number): void {
    if (nowMs < this.#emptyAtMs) return;
    this.clear();
    this.#emptyAtMs = Number.POSITIVE_INFINITY;
  }

  /** When the publications are due to go, for whoever sweeps. */
  isEmptyAt(nowMs: number): boolean {
    this.#expire(nowMs);
    return this.#publications.length === 0;
  }
}
