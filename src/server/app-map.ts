/** A map channel as the application's server changes and reads it. */

import { encodeMessage } from '../engine/channels/publishing.js';
import type { Operations } from '../engine/operations/operations.js';
import type { MapOutcome } from '../engine/ports/map-store.js';
import { type Duration, parseDurationMs } from '../engine/time/duration.js';
import { defined } from '../model/defined.js';
import { FanfareError } from '../model/fanfare-error.js';
import { payloadValue } from '../model/payload.js';
import type { Publication } from '../model/publication.js';
import { type Member, toMember } from './app-types.js';

/** A change only if the key is as it was when it was read. */
export interface MapChangeOptions {
  /** Change it only if the key has this version. 0: only if there is no such key. Default: in any case. */
  readonly expectedVersion?: number;
  /** The epoch in which it had that version, for versions that may be older than the broker's memory. */
  readonly expectedEpoch?: string;
  /** A retry with the same key within 5 minutes changes nothing. 1 to 256 bytes. */
  readonly idempotencyKey?: string;
  /** Sent with the change, for filters of subscribers. Default: none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** How a key is set. */
export interface MapSetOptions extends MapChangeOptions {
  /** The key is removed this long after this set, or up to a second later; `0ms`: it stays. Default: the rule's `ttl`. */
  readonly ttl?: Duration;
  /** Only change a key that is there. Default: `false`. */
  readonly mustExist?: boolean;
}

/** What has become of a change. */
export type MapResult =
  | {
      readonly ok: true;
      /** The key's version from now on: the offset of the change in the channel. */
      readonly version: number;
      readonly epoch: string;
      /** The idempotency key was known: nothing has changed, and the version is that of the first change. */
      readonly duplicate: boolean;
    }
  | {
      readonly ok: false;
      /** `version`: the key has another one. `absent`: there is no such key. `full`: there are as many as there may be. */
      readonly why: 'version' | 'absent' | 'full';
      /** The key's version, 0 without a key. */
      readonly version: number;
      readonly epoch: string;
    };

/** A key with its value. */
export interface MapEntry<Value> {
  /** Which key. */
  readonly key: string;
  /** What it was set to last. */
  readonly value: Value;
  /** The offset of its last change in the channel. */
  readonly version: number;
  /** The client that set it; absent if the server did. */
  readonly info?: Member;
  /** What it was set with. Absent: none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A part of a map, and where the map is. */
export interface MapPage<Value> {
  /** In the order of their last changes. */
  readonly entries: readonly MapEntry<Value>[];
  /** The position of the channel's last change. */
  readonly offset: number;
  /** Id of the history that the offset counts in. */
  readonly epoch: string;
  /** For the next page; absent at the end. */
  readonly cursor?: number;
}

/** Which page of a map is read. */
export interface MapReadOptions {
  /** From the page before. */
  readonly cursor?: number;
  /** Most entries of a page, at most 1,000. Default: 100. */
  readonly limit?: number;
}

const defaultLimit = 100;

/**
 * Its methods throw or reject as those of the application do, and with `ERR_NOT_AVAILABLE` if the channel is no map.
 *
 * @example
 * const scores = app.map('match:1');
 * await scores.set('ann', 42);
 * const ann = await scores.get('ann');
 * const { entries } = await scores.read({ limit: 10 });
 * for await (const { key, value } of scores) show(key, value);
 * await scores.remove('ann');
 */
export class AppMap<Value, Input = Value> implements AsyncIterable<MapEntry<Value>> {
  readonly #channel: string;
  readonly #operations: Operations;
  readonly #start: () => Promise<unknown>;

  /** Made by `app.map()`. */
  constructor(channel: string, operations: Operations, start: () => Promise<unknown>) {
    this.#channel = channel;
    this.#operations = operations;
    this.#start = start;
  }

  /**
   * Sets a key. Resolves when the broker has acknowledged it, or has refused it because of an option.
   *
   * @example
   * const { version } = (await scores.get('ann')) ?? { version: 0 };
   * const result = await scores.set('ann', 42, { expectedVersion: version });
   */
  async set(key: string, value: Input, { ttl, mustExist, ...options }: MapSetOptions = {}): Promise<MapResult> {
    await this.#start();
    const ttlMs = ttl === undefined ? undefined : parseDurationMs(ttl);
    if (ttl !== undefined && ttlMs === undefined) {
      throw new FanfareError('ERR_MESSAGE_INVALID', 'ttl must be like "30s" or "5m"');
    }
    const change = { key, data: encodeMessage(value), removed: false };
    const more = defined({ ttlMs, mustExist });
    return toResult(await this.#operations.changeMap(this.#channel, change, { ...changeOf(options), ...more }));
  }

  /** Removes a key. */
  async remove(key: string, options: MapChangeOptions = {}): Promise<MapResult> {
    await this.#start();
    const change = { key, data: encodeMessage(null), removed: true };
    return toResult(await this.#operations.changeMap(this.#channel, change, changeOf(options)));
  }

  /** A key with its value; `undefined` if there is none. */
  async get(key: string): Promise<MapEntry<Value> | undefined> {
    await this.#start();
    const { entry } = await this.#operations.readMapKey(this.#channel, key);
    return entry && toEntry(entry);
  }

  /** A page of the map. What changes between two pages may be in both of them or in none. */
  async read({ cursor = 0, limit = defaultLimit }: MapReadOptions = {}): Promise<MapPage<Value>> {
    await this.#start();
    const { state, top, next } = await this.#operations.readMap(this.#channel, { after: cursor, limit });
    return { entries: state.entries.map((entry) => toEntry<Value>(entry)), ...top, ...(next > 0 && { cursor: next }) };
  }

  /** All keys, page by page. */
  async *[Symbol.asyncIterator](): AsyncGenerator<MapEntry<Value>> {
    for (let cursor: number | undefined = 0; cursor !== undefined; ) {
      const page: MapPage<Value> = await this.read({ cursor, limit: 1_000 });
      yield* page.entries;
      cursor = page.cursor;
    }
  }
}

function changeOf({ expectedVersion, expectedEpoch, ...options }: MapChangeOptions) {
  if (expectedVersion === undefined) return options;
  return { ...options, expected: { version: expectedVersion, epoch: expectedEpoch } };
}

function toResult(outcome: MapOutcome): MapResult {
  const { epoch, offset } = outcome.position;
  if (!outcome.ok) return { ok: false, why: outcome.why, version: outcome.version, epoch };
  return { ok: true, version: offset, epoch, duplicate: outcome.duplicate };
}

function toEntry<Value>({ key = '', data, offset, info, tags }: Publication): MapEntry<Value> {
  // safe: kept values have passed the channel's schema
  const value = payloadValue(data) as Value;
  return { key, value, version: offset, ...(info && { info: toMember(info) }), ...(tags && { tags }) };
}
