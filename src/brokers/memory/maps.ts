/** The maps of the memory broker. Each change happens at once, so that nothing can come between its parts. */

import type { MapFigures, StreamLimits } from '../../engine/ports/broker.js';
import type { Clock } from '../../engine/ports/clock.js';
import type {
  MapChangeOptions,
  MapEntryRead,
  MapLimits,
  MapOutcome,
  MapPage,
  MapQuery,
  MapSetOptions,
  MapStore,
  NewMapEntry,
} from '../../engine/ports/map-store.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Position } from '../../model/position.js';
import type { NewPublication, Publication } from '../../model/publication.js';
import { StatePage } from '../../model/state-page.js';
import { noData, removalOf } from '../map-removal.js';
import type { IdempotencyKeys } from './idempotency-keys.js';
import { KeyExpiry } from './key-expiry.js';
import { lengthOf, MapState } from './map-state.js';

/** The streams in which changes are kept and delivered. */
export interface ChangeStreams {
  /** Adds to the stream; {@link deliver} must follow. @throws FanfareError `ERR_CLOSED` */
  append(channel: ChannelName, publication: NewPublication, limits: StreamLimits): Publication;
  deliver(channel: ChannelName, publication: Publication): void;
  /** Makes the stream if there is none. */
  top(channel: ChannelName): Position;
}

export interface MemoryMapsOptions {
  readonly clock: Clock;
  readonly keys: IdempotencyKeys;
  readonly streams: ChangeStreams;
  /** Of keys and data, in characters. */
  readonly maxBytes: number;
}

const noEntries = new StatePage([]);

interface KeyedMap {
  readonly state: MapState;
  /** Of its last change, for keys that end. */
  limits: MapLimits;
  figures: MapFigures;
}

type Refused = Extract<MapOutcome, { ok: false }>;

export class MemoryMaps implements MapStore {
  readonly boundsBytes = true;
  readonly #clock: Clock;
  readonly #keys: IdempotencyKeys;
  readonly #streams: ChangeStreams;
  readonly #maxBytes: number;
  /** Those that have keys. */
  readonly #maps = new Map<ChannelName, KeyedMap>();
  readonly #expiry: KeyExpiry;
  /** By the names under which limits count them; these are few, those of rules. */
  readonly figures = new Map<string, MapFigures>();
  /** Of all maps. */
  numKeys = 0;
  /** Characters of keys and data of all maps. */
  bytes = 0;

  constructor({ clock, keys, streams, maxBytes }: MemoryMapsOptions) {
    this.#clock = clock;
    this.#keys = keys;
    this.#streams = streams;
    this.#maxBytes = maxBytes;
    this.#expiry = new KeyExpiry(clock, {
      due: (channel, ...query) => this.#maps.get(channel)?.state.due(...query),
      expire: (channel, key) => this.#expire(channel, key),
    });
  }

  /** Whether the channel has keys, so that its stream must be kept. */
  has(channel: ChannelName): boolean {
    return this.#maps.has(channel);
  }

  async set(channel: ChannelName, entry: NewMapEntry, options: MapSetOptions): Promise<MapOutcome> {
    const known = this.#known(channel, options.idempotencyKey);
    if (known !== undefined) return known;
    const { limits, expected, mustExist, ttlMs } = options;
    const map = this.#maps.get(channel);
    const current = map?.state.get(entry.key);
    if (mustExist === true && current === undefined) return this.#refuse(channel, 'absent', current);
    if (expected !== undefined && !this.#isVersion(channel, current, expected)) {
      return this.#refuse(channel, 'version', current);
    }
    const tooMany = this.#excess(map?.state, current, entry, limits);
    if (tooMany !== undefined) return { ...this.#refuse(channel, 'full', current), tooMany };
    const placed = this.#streams.append(channel, entry, limits.stream);
    this.#put(channel, entry.key, placed, limits, ttlMs);
    return this.#done(channel, placed, options.idempotencyKey);
  }

  async remove(channel: ChannelName, entry: NewMapEntry, options: MapChangeOptions): Promise<MapOutcome> {
    const known = this.#known(channel, options.idempotencyKey);
    if (known !== undefined) return known;
    const current = this.#maps.get(channel)?.state.get(entry.key);
    if (current === undefined) return this.#refuse(channel, 'absent', current);
    const { expected, limits } = options;
    if (expected !== undefined && !this.#isVersion(channel, current, expected)) {
      return this.#refuse(channel, 'version', current);
    }
    const placed = this.#streams.append(channel, removalOf(entry), limits.stream);
    this.#delete(channel, entry.key);
    return this.#done(channel, placed, options.idempotencyKey);
  }

  async renew(channel: ChannelName, key: string, ttlMs: number): Promise<boolean> {
    const dueMs = this.#clock.nowMs() + ttlMs;
    if (this.#maps.get(channel)?.state.renew(key, dueMs) !== true) return false;
    this.#expiry.note(channel, dueMs);
    return true;
  }

  async get(channel: ChannelName, key: string): Promise<MapEntryRead> {
    return { entry: this.#maps.get(channel)?.state.get(key), top: this.#streams.top(channel) };
  }

  async page(channel: ChannelName, query: MapQuery): Promise<MapPage> {
    const top = this.#streams.top(channel);
    const map = this.#maps.get(channel);
    if (map === undefined) return { state: noEntries, next: 0, top, size: 0 };
    const { entries, next } = map.state.slice(query);
    return { state: new StatePage(entries), next, top, size: map.state.size };
  }

  close(): void {
    this.#expiry.close();
    this.#maps.clear();
  }

  #known(channel: ChannelName, idempotencyKey: string | undefined): MapOutcome | undefined {
    if (idempotencyKey === undefined) return undefined;
    const nowMs = this.#clock.nowMs();
    const first = this.#keys.find(channel, idempotencyKey, nowMs);
    if (first !== undefined) return { ok: true, position: first.position, duplicate: true };
    if (this.#keys.hasRoom(nowMs)) return undefined;
    throw new FanfareError('ERR_BROKER', 'too many idempotency keys are alive');
  }

  #isVersion(
    channel: ChannelName,
    current: Publication | undefined,
    { version, epoch }: NonNullable<MapChangeOptions['expected']>,
  ): boolean {
    const isSame = version === (current?.offset ?? 0);
    // No key at all is the same in every epoch.
    return isSame && (version === 0 || epoch === undefined || epoch === this.#streams.top(channel).epoch);
  }

  /** What there would be too much of. A value that is not longer than the one before is always taken. */
  #excess(
    state: MapState | undefined,
    current: Publication | undefined,
    entry: NewMapEntry,
    { maxKeys, maxBytes = Number.POSITIVE_INFINITY }: MapLimits,
  ): 'keys' | 'bytes' | 'all' | undefined {
    const added = lengthOf(entry) - (current === undefined ? 0 : lengthOf(current));
    if (current === undefined && (state?.size ?? 0) >= maxKeys) return 'keys';
    if (added > 0 && (state?.length ?? 0) + added > maxBytes) return 'bytes';
    return added > 0 && this.bytes + added > this.#maxBytes ? 'all' : undefined;
  }

  #refuse(channel: ChannelName, why: 'version' | 'absent' | 'full', current: Publication | undefined): Refused {
    return { ok: false, why, position: this.#streams.top(channel), version: current?.offset ?? 0 };
  }

  #done(channel: ChannelName, placed: Publication, idempotencyKey: string | undefined): MapOutcome {
    const position = this.#streams.top(channel);
    const published = { position, duplicate: false };
    if (idempotencyKey !== undefined) this.#keys.remember(channel, idempotencyKey, published, this.#clock.nowMs());
    this.#streams.deliver(channel, placed);
    return { ok: true, ...published };
  }

  #put(channel: ChannelName, key: string, placed: Publication, limits: MapLimits, ttlMs: number | undefined): void {
    let map = this.#maps.get(channel);
    if (map === undefined) {
      map = { state: new MapState(), limits, figures: this.#figuresOf(limits) };
      this.#maps.set(channel, map);
    }
    const { state } = map;
    if (map.limits.countedAs !== limits.countedAs) {
      map.figures.keys -= state.size;
      map.figures = this.#figuresOf(limits);
      map.figures.keys += state.size;
    }
    map.limits = limits;
    const [size, length] = [state.size, state.length];
    const dueMs = ttlMs === undefined ? undefined : this.#clock.nowMs() + ttlMs;
    state.put(key, placed, dueMs);
    if (dueMs !== undefined) this.#expiry.note(channel, dueMs);
    this.numKeys += state.size - size;
    map.figures.keys += state.size - size;
    this.bytes += state.length - length;
  }

  #delete(channel: ChannelName, key: string): void {
    const map = this.#maps.get(channel);
    if (map === undefined) return;
    const { state, figures } = map;
    const { length } = state;
    state.delete(key);
    this.numKeys--;
    figures.keys--;
    this.bytes += state.length - length;
    if (state.size > 0) return;
    this.#maps.delete(channel);
    this.#expiry.forget(channel);
  }

  #expire(channel: ChannelName, key: string): void {
    const map = this.#maps.get(channel);
    if (map === undefined) return;
    const placed = this.#streams.append(channel, removalOf({ key, data: noData }), map.limits.stream);
    map.figures.expired++;
    this.#delete(channel, key);
    this.#streams.deliver(channel, placed);
  }

  #figuresOf({ countedAs = '' }: MapLimits): MapFigures {
    let figures = this.figures.get(countedAs);
    if (figures === undefined) {
      figures = { keys: 0, expired: 0 };
      this.figures.set(countedAs, figures);
    }
    return figures;
  }
}
