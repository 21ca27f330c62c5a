/**
 * What the engine needs from a broker. A broker carries publications between nodes and, as optional abilities, keeps
 * history and presence and carries what nodes have to say to each other. The exported conformance suite is the executable form of these texts.
 */

import type { ChannelName } from '../../model/channel-name.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo, NewPublication, Publication } from '../../model/publication.js';
import type { ControlChannel } from './control-channel.js';

/** How long a channel's stream lives and how much it keeps. */
export interface StreamLimits {
  /** Publications kept, at least 1. The oldest go first. */
  readonly size: number;
  /** The stream is emptied this long after its last publication. Its position outlives it. */
  readonly ttlMs: number;
}

export interface PublishOptions {
  /** Append to the channel's stream. Absent: deliver only, at offset 0. */
  readonly stream?: StreamLimits;
  /**
   * Publications of one channel with the same key within 5 minutes are one: the first. Checked and stored atomically
   * with the append. At most {@link maxIdempotencyKeyBytes} bytes.
   */
  readonly idempotencyKey?: string;
  /** Only with a stream, and only for a broker that {@link Broker.comparesVersions}. */
  readonly version?: Version;
}

/**
 * The version of the document that a publication carries. What is not newer than the newest that the stream has had is
 * neither appended nor delivered; checked and stored atomically with the append, after the idempotency key. Publications
 * without a version leave it as it is. It is forgotten with the stream's position.
 */
export interface Version {
  /** A whole number, at least 1. */
  readonly number: number;
  /** Numbers of different epochs cannot be compared: the newcomer is newer. Empty: compared with any. */
  readonly epoch: string;
}

/** Whether a publication has to be left out. */
export function isOutdated(version: Version, newest: Version | undefined): boolean {
  if (newest === undefined || (version.epoch !== '' && version.epoch !== newest.epoch)) return false;
  return version.number <= newest.number;
}

export const idempotencyWindowMs = 300_000;
export const maxIdempotencyKeyBytes = 256;

export interface Published {
  /** Offset 0 and an empty epoch for a channel without a stream. */
  readonly position: Position;
  /**
   * Nothing was appended or delivered: the idempotency key was known, and the position is that of the first; or the
   * version was not newer, and the position is the stream's.
   */
  readonly duplicate: boolean;
}

/**
 * Called by the broker. Publications of one channel arrive in the order of their offsets; a broker that may repeat or
 * lose some says so in its documentation, and the hub finds out by the offsets. Must not throw.
 */
export interface BrokerEvents {
  /** `epoch` is empty for a publication at offset 0. */
  onPublication(channel: ChannelName, publication: Publication, epoch: string): void;
  onJoin(channel: ChannelName, info: ClientInfo): void;
  onLeave(channel: ChannelName, info: ClientInfo): void;
  /**
   * Publications of these channels, or of all, may not have reached this node; from now on they do again. The channels
   * whose subscribers have a place in a stream are compared with it, and those who have missed something are told.
   */
  onInterrupted?(channels?: readonly ChannelName[]): void;
}

export interface HistoryQuery {
  /** Most publications to return. 0 asks for the top alone. */
  readonly limit: number;
  /**
   * Only publications after this place, or before it when `reverse`. Without an epoch, the offset is taken in whatever
   * epoch the stream has.
   */
  readonly since?: { readonly offset: number; readonly epoch?: string };
  /** Newest first. */
  readonly reverse: boolean;
}

export interface HistoryPage {
  /** The place of the last publication, read at the same instant as the page. Reading creates the stream if needed. */
  readonly top: Position;
  readonly publications: readonly Publication[];
  /**
   * Whether the page follows `since` without a hole: same epoch, `since` not above the top, nothing between trimmed or
   * expired. Always true without `since`. A page cut by `limit` is continuous as far as it goes.
   */
  readonly continuous: boolean;
}

/** Streams of publications. An epoch changes whenever a stream may have lost publications other than by its limits. */
export interface HistoryStore {
  read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage>;
  /** Empties the stream; its position stays. */
  remove(channel: ChannelName): Promise<void>;
}

export interface PresenceStats {
  readonly numClients: number;
  readonly numUsers: number;
}

/** Who is in a channel, over all nodes. An entry that is not renewed within its time is gone. */
export interface PresenceStore {
  /** Adds or renews. */
  add(channel: ChannelName, info: ClientInfo, ttlMs: number): Promise<void>;
  /** No effect when absent. */
  remove(channel: ChannelName, client: string): Promise<void>;
  /** At most `limit` entries, in no particular order. */
  list(channel: ChannelName, limit: number): Promise<readonly ClientInfo[]>;
  stats(channel: ChannelName): Promise<PresenceStats>;
}

/** What the rules of channels ask a broker to keep. */
export interface KeptKinds {
  readonly history: boolean;
  readonly presence: boolean;
}

/** What is kept of channels, by the broker or for it. */
export type Stores = Pick<Broker, 'name' | 'history' | 'presence'>;

/**
 * Carries publications between nodes. Every method may reject with a `FanfareError` of code `ERR_BROKER` when the
 * broker cannot be reached; a publish that rejects may or may not have happened.
 */
export interface Broker {
  readonly name: string;
  /**
   * What is published reaches each node that is subscribed, or that node has lost its broker for good: nobody has to look
   * for holes. Default: only without {@link probe}.
   */
  readonly losesNothing?: boolean;
  /** Absent: a publication with a version is refused before the broker is asked. */
  readonly comparesVersions?: boolean;
  /** Absent: no channel rule may ask for history. */
  readonly history?: HistoryStore;
  /** Absent: no channel rule may ask for presence. */
  readonly presence?: PresenceStore;
  /** Absent: a node knows of no others, and what is done with clients is done with those of the node alone. */
  readonly control?: ControlChannel;
  /** Called once, before anything else. */
  start(events: BrokerEvents): Promise<void>;
  /** Idempotent. Publications under way are finished or rejected within the deadline. */
  close(deadlineMs: number): Promise<void>;
  /** Once resolved, every later publication of the channel reaches this node. Idempotent. */
  subscribe(channel: ChannelName): Promise<void>;
  unsubscribe(channel: ChannelName): Promise<void>;
  /** Resolved: the publication is acknowledged, in the meaning that the broker documents (guarantee G7). */
  publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published>;
  /** Tells the channel's nodes that a client came or went. At most once, unordered with publications. */
  announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void>;
  /**
   * Resolves when a message of this node's own has come back to it through the broker. What was published before has
   * arrived by then. May be under way several times, and never settle when something is wrong. Absent: the broker is in this process,
   * cannot be out of reach and loses nothing.
   */
  probe?(): Promise<void>;
  /**
   * Resolves when the broker has taken something to be kept, as it must to publish with history and for presence, of the
   * kinds that channels ask for. May be under way several times, and never settle. Absent: {@link probe} tells it as
   * well, or nothing is ever kept.
   */
  probeKeeping?(kinds: KeptKinds): Promise<void>;
}
