/**
 * The pages of maps that newcomers read: those who come within a second share them, and what codecs have made of them.
 * A page may be that old because changes since then follow; it must only not be older than the page that its reader
 * began with.
 */

import type { ChannelName } from '../../model/channel-name.js';
import { StatePage } from '../../model/state-page.js';
import type { Cancel, Clock } from '../ports/clock.js';
import type { MapPage, MapQuery, MapStore } from '../ports/map-store.js';
import { Slices } from '../time/slices.js';

const sharedForMs = 1_000;
/** Pages that are read in one turn of the event loop; each takes up to a millisecond with its encoding. */
const readsPerTurn = 4;
/** Of keys and data in all pages that are kept, in characters; their encodings take about as much. */
const maxLength = 33_554_432;

interface Shared {
  readonly page: Promise<MapPage>;
  readonly untilMs: number;
  /** Known once it was read. */
  length: number;
  /** The last part of it that somebody got who began before its end. */
  cut: { readonly upTo: number; readonly page: MapPage } | undefined;
}

export class MapPages {
  /** The oldest first. */
  readonly #shared = new Map<string, Shared>();
  readonly #reads: Slices;
  #length = 0;
  #sweep: Cancel | undefined;

  constructor(
    private readonly maps: MapStore | undefined,
    private readonly clock: Clock,
  ) {
    this.#reads = new Slices(clock, readsPerTurn);
  }

  /** Rejects as the broker does. */
  async read(channel: ChannelName, query: MapQuery): Promise<MapPage> {
    const { after, limit, upTo } = query;
    const { maps } = this;
    if (maps === undefined) throw new Error('the broker keeps no maps');
    this.#dropOld();
    // Channel names have no control characters.
    const key = `${channel}\u0000${after}\u0000${limit}`;
    const shared = this.#shared.get(key) ?? this.#begin(key, this.#readOne(maps, channel, { after, limit }));
    const page = await shared.page;
    if (upTo === undefined) return page;
    // Keys that were removed before the reader began would be there again.
    if (page.top.offset < upTo) return this.#readOne(maps, channel, query);
    if ((page.state.entries.at(-1)?.offset ?? 0) <= upTo) return page;
    if (shared.cut?.upTo !== upTo) shared.cut = { upTo, page: upToOffset(page, upTo) };
    return shared.cut.page;
  }

  /** Somebody who began with the channel's pages could not go on from there: the next gets others. */
  forget(channel: ChannelName): void {
    for (const [key, shared] of this.#shared) if (key.startsWith(`${channel}\u0000`)) this.#drop(key, shared);
  }

  close(): void {
    this.#sweep?.();
    this.#shared.clear();
    this.#length = 0;
  }

  #readOne(maps: MapStore, channel: ChannelName, query: MapQuery): Promise<MapPage> {
    const turn = this.#reads.enter();
    return turn === undefined ? maps.page(channel, query) : turn.then(() => maps.page(channel, query));
  }

  #begin(key: string, page: Promise<MapPage>): Shared {
    const shared: Shared = { page, untilMs: this.clock.nowMs() + sharedForMs, length: 0, cut: undefined };
    this.#shared.set(key, shared);
    page.then(
      ({ state }) => {
        if (this.#shared.get(key) !== shared) return;
        shared.length = state.length;
        this.#length += shared.length;
        this.#dropOld();
      },
      () => this.#drop(key, shared),
    );
    this.#sweep ??= this.clock.schedule(this.#onSweep, sharedForMs);
    return shared;
  }

  readonly #onSweep = (): void => {
    this.#sweep = undefined;
    this.#dropOld();
    if (this.#shared.size > 0) this.#sweep = this.clock.schedule(this.#onSweep, sharedForMs);
  };

  #dropOld(): void {
    const nowMs = this.clock.nowMs();
    for (const [key, shared] of this.#shared) {
      if (shared.untilMs > nowMs && this.#length <= maxLength) return;
      this.#drop(key, shared);
    }
  }

  #drop(key: string, shared: Shared): void {
    if (this.#shared.get(key) !== shared) return;
    this.#shared.delete(key);
    this.#length -= shared.length;
  }
}

function upToOffset({ state, top }: MapPage, upTo: number): MapPage {
  const end = state.entries.findIndex(({ offset }) => offset > upTo);
  return { state: new StatePage(state.entries.slice(0, end)), top, next: 0 };
}
