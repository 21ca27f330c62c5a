/**
 * The keyed states of map channels, as an optional ability of a broker. A change of a state is a publication with a key
 * in the channel's stream; so a state that was read at an offset, and the publications after it, are the state at every
 * later offset.
 */

import type { ChannelName } from '../../model/channel-name.js';
import type { Position } from '../../model/position.js';
import type { NewPublication, Publication } from '../../model/publication.js';
import type { StatePage } from '../../model/state-page.js';

/** What a change does to its channel. */
export interface MapLimits {
  /** Of the channel's changes, as for publications. */
  readonly stream: { readonly size: number; readonly ttlMs: number };
  /** Most keys; a further one is refused. */
  readonly maxKeys: number;
  /** Most characters of keys and data; what would exceed it is refused, by a store that {@link MapStore.boundsBytes}. */
  readonly maxBytes?: number | undefined;
  /** Under which name a store in this process counts the keys. Default: the empty one. */
  readonly countedAs?: string | undefined;
}

/**
 * The version of a key is the offset of its last change. 0: there is no such key. Without an epoch, the offset is in the
 * stream's current one.
 */
export interface MapVersion {
  readonly version: number;
  readonly epoch?: string | undefined;
}

export interface MapChangeOptions {
  readonly limits: MapLimits;
  /** The change is refused unless the key has this version. */
  readonly expected?: MapVersion | undefined;
  /** As for publications, over all keys of the channel; checked before the version. */
  readonly idempotencyKey?: string | undefined;
}

export interface MapSetOptions extends MapChangeOptions {
  /** The key is removed this long after its last set, or up to a second later. Absent: it stays. */
  readonly ttlMs?: number | undefined;
  /** Refused unless the key is there. */
  readonly mustExist?: boolean | undefined;
}

/** A publication that sets a key. */
export type NewMapEntry = NewPublication & { readonly key: string };

export type MapOutcome =
  /** `duplicate`: the idempotency key was known, and the position is that of the first change. */
  | { readonly ok: true; readonly position: Position; readonly duplicate: boolean }
  /**
   * Nothing has changed: the key has another version (`version`), is not there (`absent`), or there is no room for it
   * (`full`). The key's version, in the epoch of `position`, the top of the stream.
   */
  | {
      readonly ok: false;
      readonly why: 'version' | 'absent' | 'full';
      readonly position: Position;
      readonly version: number;
      /** Of what there is too much: `keys` or `bytes` of this map (default: `keys`), or bytes of `all` maps together. */
      readonly tooMany?: 'keys' | 'bytes' | 'all';
    };

export interface MapQuery {
  /** Only entries after this offset. 0: from the beginning. */
  readonly after: number;
  /** Only entries up to this offset: those that changed later come with the stream. Absent: all. */
  readonly upTo?: number | undefined;
  /** Most entries, at least 1. A page may have fewer, to stay within {@link maxPageLength}. */
  readonly limit: number;
}

/** Entries that a page has at most if nothing else is asked for, so that most newcomers get the same pages. */
export const defaultPageSize = 1_000;
/** Characters of keys and data in a page, unless its first entry has more. */
export const maxPageLength = 131_072;

export interface MapPage {
  /** In the order of their offsets, that of their last changes. */
  readonly state: StatePage;
  /** The position of the last change, read atomically with the page. Reading creates the stream if needed. */
  readonly top: Position;
  /** `after` of the next page; 0 if there is none. */
  readonly next: number;
  /** Keys of the whole map. Absent: the store does not count them. */
  readonly size?: number | undefined;
}

export interface MapEntryRead {
  /** `undefined`: there is no such key. */
  readonly entry: Publication | undefined;
  readonly top: Position;
}

/**
 * Each change is one atomic step: the key, the stream, and the order of deliveries. It is delivered to the channel's
 * subscribers as a publication, and acknowledged as one (G7). Keys whose time is over are removed by the broker, as a
 * change like any other; until that change they are part of the state.
 */
export interface MapStore {
  /** Absent: no rule may ask for a limit of bytes. */
  readonly boundsBytes?: true;
  /**
   * Called when the broker has started, if a rule is a map. Absent: there is nothing to prepare.
   *
   * @throws FanfareError `ERR_CONFIG` if the server cannot do what is promised here, with the reason
   */
  prepare?(): Promise<void>;
  set(channel: ChannelName, entry: NewMapEntry, options: MapSetOptions): Promise<MapOutcome>;
  /** `absent` if there is no such key, whatever version is expected. */
  remove(channel: ChannelName, entry: NewMapEntry, options: MapChangeOptions): Promise<MapOutcome>;
  /**
   * The key ends this much later from now, without a change. Resolves with whether there is such a key. Absent: no map may
   * show the presence of a channel.
   */
  renew?(channel: ChannelName, key: string, ttlMs: number): Promise<boolean>;
  get(channel: ChannelName, key: string): Promise<MapEntryRead>;
  /** Pages that follow each other have each entry once that did not change meanwhile. */
  page(channel: ChannelName, query: MapQuery): Promise<MapPage>;
}
