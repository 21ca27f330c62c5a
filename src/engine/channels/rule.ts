/** One channel rule, as the engine uses it. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ChannelName } from '../../model/channel-name.js';
import type { ChannelAction } from '../names/capabilities.js';
import type { ChannelPattern } from '../names/channel-pattern.js';
import type { StreamLimits } from '../ports/broker.js';
import type { RuleCounts } from '../ports/rule-counts.js';
import type { ChannelOptions, HistoryOptions } from './channel-options.js';
import type { DataKind } from './data-kind.js';
import type { RateTerms } from './max-rate.js';
import type { SlowPolicy } from './slow-policy.js';
import type { StreamTerms } from './stream-terms.js';

/** With defaults, and parsed texts. */
export interface Rule {
  readonly pattern: ChannelPattern;
  readonly data: DataKind;
  /** Of JSON. */
  readonly schema: StandardSchemaV1 | undefined;
  readonly subscribe: NonNullable<ChannelOptions['subscribe']>;
  readonly renew: ChannelOptions['renew'];
  readonly publish: NonNullable<ChannelOptions['publish']>;
  readonly readHistory: NonNullable<HistoryOptions['read']>;
  readonly readPresence: Exclude<NonNullable<ChannelOptions['presence']>, boolean>;
  /** Absent: nothing is kept. */
  readonly stream: StreamLimits | undefined;
  /** Absent: it is a channel of messages. With it there is a stream. */
  readonly map: MapTerms | undefined;
  /** Absent: its messages do not grow. With it, `stream` counts answers, and there is a rate. */
  readonly streams: StreamTerms | undefined;
  readonly recovery: 'stream' | 'cache' | 'off';
  readonly presence: boolean;
  readonly joinLeave: boolean;
  /** Whether all subscribers get joins and leaves, and not only those that ask. */
  readonly pushJoinLeave: boolean;
  readonly userLimited: boolean;
  /** Empty: subscribers may not filter. */
  readonly filterTags: readonly string[] | 'any';
  readonly maxMessageBytes: number;
  /** Whether subscribers that can decode deltas get them. */
  readonly delta: boolean;
  /** Whether clients that can do so are told a number for the channel. */
  readonly compaction: boolean;
  /** Whether pieces of its messages may become part of dictionaries. */
  readonly dictionarySamples: boolean;
  /** How often subscribers get publications. Absent: always, and what clients ask for does not count. */
  readonly maxRate: RateTerms | undefined;
  /** How long publications may be gathered while the node is busy. 0: not beyond the turn. */
  readonly batchMs: number;
  /** For subscribers whose connections take no more. */
  readonly slow: SlowPolicy;
  /** What is counted of its channels. A rule that replaces one of the same pattern goes on with these. */
  readonly counts: RuleCounts;
}

/** What holds for the keys of a map. */
export interface MapTerms {
  readonly maxKeys: number;
  /** Characters of keys and values. */
  readonly maxBytes: number;
  /** Absent: keys stay. */
  readonly ttlMs: number | undefined;
  readonly key: 'any' | 'user' | 'client';
  /** Whose presence in another channel its keys are; absent: they are set by whoever may publish. */
  readonly presence: 'clients' | 'users' | undefined;
}

/** A question to a rule: may somebody do this with this channel? */
export interface Question {
  readonly action: ChannelAction;
  readonly channel: ChannelName;
  readonly rule: Rule;
}
