/**
 * Messages between the processes of one server and their broker. Both ends run the same program, and the socket is in a
 * folder that only its user may enter, so the messages are trusted.
 */

import type { AnswerChange, AnswerLimits, AnswerOutcome, AnswerRead } from '../../engine/ports/answer-store.js';
import type { HistoryQuery, PresenceStats, Published, PublishOptions } from '../../engine/ports/broker.js';
import type {
  MapChangeOptions,
  MapEntryRead,
  MapOutcome,
  MapPage,
  MapQuery,
  MapSetOptions,
  NewMapEntry,
} from '../../engine/ports/map-store.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { FanfareErrorCode } from '../../model/fanfare-error.js';
import type { ClientInfo, NewPublication, Publication } from '../../model/publication.js';
import type { ChannelMessage } from '../bus-message.js';
import type { Carried, CarriedPage } from './carried.js';

/** A page as JSON. */
export interface SentPage extends Omit<MapPage, 'state'> {
  readonly entries: readonly Publication[];
}

/** The operations, and what each resolves with. */
export interface LocalOperations {
  subscribe(channel: ChannelName): null;
  unsubscribe(channel: ChannelName): null;
  publish(channel: ChannelName, publication: Carried<NewPublication>, options: PublishOptions): Published;
  announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): null;
  read(channel: ChannelName, query: HistoryQuery): CarriedPage;
  removeHistory(channel: ChannelName): null;
  addPresence(channel: ChannelName, info: ClientInfo, ttlMs: number): null;
  removePresence(channel: ChannelName, client: string): null;
  listPresence(channel: ChannelName, limit: number): readonly ClientInfo[];
  presenceStats(channel: ChannelName): PresenceStats;
  setKey(channel: ChannelName, entry: NewMapEntry, options: MapSetOptions): MapOutcome;
  removeKey(channel: ChannelName, entry: NewMapEntry, options: MapChangeOptions): MapOutcome;
  renewKey(channel: ChannelName, key: string, ttlMs: number): boolean;
  getKey(channel: ChannelName, key: string): MapEntryRead;
  pageOfMap(channel: ChannelName, query: MapQuery): SentPage;
  changeAnswer(channel: ChannelName, change: AnswerChange, limits: AnswerLimits): AnswerOutcome;
  /** Null: there is none. */
  getAnswer(channel: ChannelName, id: string): AnswerRead | null;
  readAnswers(channel: ChannelName, query: HistoryQuery): CarriedPage;
  removeAnswers(channel: ChannelName): null;
  startControl(nodeId: string): null;
  sendControl(payload: string, to: string | null): null;
  /** The answer comes after everything that was sent before it. */
  probe(): null;
}

export type LocalOperation = keyof LocalOperations;

export type LocalRequest = {
  [Name in LocalOperation]: {
    readonly id: number;
    readonly do: Name;
    readonly with: Parameters<LocalOperations[Name]>;
  };
}[LocalOperation];

export type LocalMessage =
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly code: FanfareErrorCode; readonly message: string }
  | (Exclude<ChannelMessage, { kind: 'publication' }> & { readonly channel: ChannelName })
  | {
      readonly kind: 'publication';
      readonly channel: ChannelName;
      readonly publication: Carried<Publication>;
      readonly epoch: string;
    }
  | { readonly kind: 'control'; readonly payload: string; readonly from: string };
