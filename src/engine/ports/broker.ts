/**
 * What the engine needs from a broker, which carries publications between nodes and, as optional abilities, keeps
 * history and presence and carries messages between nodes. The exported conformance suite is the executable form of
 * these comments.
 */

import type { ChannelName } from '../../model/channel-name.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo, NewPublication, Publication } from '../../model/publication.js';
import type { AnswerStore } from './answer-store.js';
import type { ControlChannel } from './control-channel.js';
import type { MapStore } from './map-store.js';

/** How long a channel's stream lives and how much it keeps. */
export interface StreamLimits {
  /** Publications kept, at least 1. The oldest go first. */
  readonly size: number;
  /** The stream is emptied this long after its last publication. Its position outlives it. */
  readonly ttlMs: number;
}

export interface PublishOptions {
  /** Append to the channel's stream. Absent: deliver only, at offset 0. */
  readonly stream?: StreamLimits | undefined;
  /**
   * Publications of one channel with the same key within 5 minutes count as one, the first. Checked and stored
   * atomically with the append. At most {@link maxIdempotencyKeyBytes} bytes.
   */
  readonly idempotencyKey?: string | undefined;
  /** Only with a stream, and only for a broker that {@link Broker.comparesVersions}. */
  readonly version?: Version | undefined;
}

/**
 * The version of the document in a publication. A publication whose version is not newer than the stream's newest is
 * neither appended nor delivered; checked and stored atomically with the append, after the idempotency key.
 * Publications without a version do not change it. It is forgotten with the stream's position.
 */
export interface Version {
  /** A whole number, at least 1. */
  readonly number: number;
  /** Numbers of different epochs cannot be compared: the new one counts as newer. Empty: compared with any epoch. */
  readonly epoch: string;
}

/** Whether a publication has to be skipped. */
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
   * Nothing was appended or delivered: either the idempotency key was known, and the position is that of the first; or
   * the version was not newer, and the position is the stream's.
   */
  readonly duplicate: boolean;
}

/**
 * Called by the broker. Publications of one channel arrive in the order of their offsets; a broker that may repeat or
 * lose some says so in its documentation, and the hub detects it by the offsets. Must not throw.
 */
export interface BrokerEvents {
  /** `epoch` is empty for a publication at offset 0. */
  onPublication(channel: ChannelName, publication: Publication, epoch: string): void;
  /** A client has joined a channel, on whatever node. */
  onJoin(channel: ChannelName, info: ClientInfo): void;
  /** A client has left a channel, on whatever node. */
  onLeave(channel: ChannelName, info: ClientInfo): void;
  /**
   * Publications of these channels, or of all, may not have reached this node; from now on they do again. Channels with
   * a stream are compared with it, and subscribers that missed something are told.
   */
  onInterrupted?(channels?: readonly ChannelName[]): void;
}

export interface HistoryQuery {
  /** Largest number of publications to return. 0: only the top. */
  readonly limit: number;
  /**
   * Only publications after this position, or before it with `reverse`. Without an epoch, the offset is in the stream's
   * current one.
   */
  readonly since?: { readonly offset: number; readonly epoch?: string };
  /** Newest first. */
  readonly reverse: boolean;
}

export interface HistoryPage {
  /** The position of the last publication, read atomically with the page. Reading creates the stream if needed. */
  readonly top: Position;
  readonly publications: readonly Publication[];
  /**
   * Whether the page follows `since` without a gap: same epoch, `since` not above the top, nothing in between trimmed
   * or expired. Always true without `since`. A page cut by `limit` is continuous as far as it goes.
   */
  readonly continuous: boolean;
}

/** Streams of publications. An epoch changes whenever a stream may have lost publications other than by its limits. */
export interface HistoryStore {
  /** Publications of the stream, and its position; whether any are missing after `since`, the page says. */
  read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage>;
  /** Empties the stream; its position stays. */
  remove(channel: ChannelName): Promise<void>;
}

export interface PresenceStats {
  readonly numClients: number;
  readonly numUsers: number;
}

/** The clients in a channel, over all nodes. An entry that is not renewed within its time expires. */
export interface PresenceStore {
  /** Adds or renews. */
  add(channel: ChannelName, info: ClientInfo, ttlMs: number): Promise<void>;
  /** No effect when absent. */
  remove(channel: ChannelName, client: string): Promise<void>;
  /** At most `limit` entries, in no particular order. */
  list(channel: ChannelName, limit: number): Promise<readonly ClientInfo[]>;
  /** The numbers of clients and users in the channel. */
  stats(channel: ChannelName): Promise<PresenceStats>;
}

/** What channel rules need a broker to store. */
export interface KeptKinds {
  readonly history: boolean;
  readonly presence: boolean;
  readonly maps?: boolean;
  readonly answers?: boolean;
}

/** Of the maps of one rule. */
export interface MapFigures {
  /** At the moment. */
  keys: number;
  /** Keys that were removed because their time was over, since the start. */
  expired: number;
}

/** Answers, and the history of their channels. */
export interface KeptAnswers extends AnswerStore {
  /**
   * Called when the broker has started, if a rule has streams. Absent: there is nothing to prepare.
   *
   * @throws FanfareError `ERR_CONFIG` if the server cannot do what is promised here, with the reason
   */
  prepare?(): Promise<void>;
  /**
   * Publications are whole answers, at the offsets of their last changes. A page is continuous if no answer that has changed
   * since then has been forgotten. Removing forgets those that have ended.
   */
  readonly history: HistoryStore;
}

/** What a broker keeps in this process, and what it has thrown away to stay within its limits. */
export interface BrokerHoldings {
  readonly streams: number;
  /** Characters of payload in all streams. */
  readonly historyBytes: number;
  /** Keys of all maps. Absent: it keeps none here. */
  readonly mapKeys?: number;
  /** Characters of keys and data in all maps. Absent: it keeps none here. */
  readonly mapBytes?: number;
  /** By the pattern of the rule. Absent: it keeps none here. */
  readonly mapFigures?: ReadonlyMap<string, MapFigures>;
  /** Answers of all channels, those of them that are open, their characters, and how many fell silent since the start. */
  readonly answers?: number;
  readonly openAnswers?: number;
  readonly answerBytes?: number;
  readonly answersInterrupted?: number;
  readonly presenceEntries: number;
  readonly idempotencyKeys: number;
  /** Streams that were dropped since the start, because there were too many or they were too large. */
  readonly streamsDropped: number;
}

/** The stores of channels, in the broker or in place of it. */
export type Stores = Pick<Broker, 'name' | 'history' | 'presence' | 'maps' | 'mapChanges' | 'answers' | 'carriesBytes'>;

/** Where the publications of a channel are kept; `undefined` if they are not. @param rule the channel's: a map, of streams, or neither */
export function historyOf(
  { history, maps, mapChanges, answers }: Omit<Stores, 'name'>,
  rule: { readonly map?: unknown; readonly streams?: unknown } | undefined,
): HistoryStore | undefined {
  if (rule?.streams !== undefined && answers !== undefined) return answers.history;
  return rule?.map !== undefined && maps !== undefined ? (mapChanges ?? history) : history;
}

/**
 * Carries publications between nodes. Every method may reject with a `FanfareError` of code `ERR_BROKER` when the
 * broker cannot be reached; a publish that rejects may or may not have happened.
 */
export interface Broker {
  /** For the log and the metrics, such as `redis`. */
  readonly name: string;
  /**
   * Whether publications reach every subscribed node that has not lost the broker for good, so that no checks for gaps
   * are needed. Default: only without {@link probe}.
   */
  readonly losesNothing?: boolean;
  /** Absent: a publication with a version is refused before the broker is asked. */
  readonly comparesVersions?: boolean;
  /** Whether data may be bytes, in publications and in histories. Absent: no channel rule may ask for bytes. */
  readonly carriesBytes?: boolean;
  /** Absent: no channel rule may ask for history. */
  readonly history?: HistoryStore;
  /** Only with {@link history}. Absent: no channel rule may be a map. */
  readonly maps?: MapStore;
  /** The streams of {@link maps}. Absent: they are in {@link history}. */
  readonly mapChanges?: HistoryStore;
  /** Only with {@link history}. Absent: no channel rule may have streams. */
  readonly answers?: KeptAnswers;
  /** Absent: no channel rule may ask for presence. */
  readonly presence?: PresenceStore;
  /** Absent: a node does not know other nodes, and operations on clients apply to this node only. */
  readonly control?: ControlChannel;
  /** Read for the metrics. Absent: it keeps nothing in this process. */
  readonly holdings?: BrokerHoldings;
  /** Called once, before anything else. */
  start(events: BrokerEvents): Promise<void>;
  /** Idempotent. Pending publications complete or are rejected within the deadline. */
  close(deadlineMs: number): Promise<void>;
  /** Once resolved, every later publication of the channel reaches this node. Idempotent. */
  subscribe(channel: ChannelName): Promise<void>;
  /** Once resolved, publications of the channel need not reach this node any more. Idempotent. */
  unsubscribe(channel: ChannelName): Promise<void>;
  /** Resolved: the publication is acknowledged, as the broker defines it (guarantee G7). */
  publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published>;
  /** Announces a join or leave to the channel's nodes. At most once, not ordered with publications. */
  announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void>;
  /**
   * Resolves when a message of this node to itself has arrived through the broker, after all earlier publications.
   * Calls may be concurrent, and may never settle while something is wrong. Absent: the broker is in this process,
   * always reachable, and loses nothing.
   */
  probe?(): Promise<void>;
  /**
   * Resolves when the broker has stored something of these kinds, as for history and presence. Calls may be concurrent,
   * and may never settle. Absent: {@link probe} proves that too, or nothing is ever stored.
   */
  probeKeeping?(kinds: KeptKinds): Promise<void>;
}
