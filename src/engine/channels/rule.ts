/** One channel rule, as the engine uses it. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ChannelName } from '../../model/channel-name.js';
import type { ChannelAction } from '../names/capabilities.js';
import type { ChannelParams, ChannelPattern } from '../names/channel-pattern.js';
import type { StreamLimits } from '../ports/broker.js';
import type { ChannelOptions, HistoryOptions } from './channel-options.js';

/** Its defaults filled in, texts parsed. */
export interface Rule {
  readonly pattern: ChannelPattern;
  readonly schema: StandardSchemaV1 | undefined;
  readonly subscribe: NonNullable<ChannelOptions['subscribe']>;
  readonly renew: ChannelOptions['renew'];
  readonly publish: NonNullable<ChannelOptions['publish']>;
  readonly readHistory: NonNullable<HistoryOptions['read']>;
  readonly readPresence: Exclude<NonNullable<ChannelOptions['presence']>, boolean>;
  /** Absent: nothing is kept. */
  readonly stream: StreamLimits | undefined;
  readonly recovery: 'stream' | 'cache' | 'off';
  readonly presence: boolean;
  readonly joinLeave: boolean;
  /** All subscribers are told, and not only those that ask for it. */
  readonly pushJoinLeave: boolean;
  readonly userLimited: boolean;
  readonly maxMessageBytes: number;
}

/** The rule of one channel and what its placeholders stand for. */
export interface RuleMatch {
  readonly rule: Rule;
  readonly params: ChannelParams;
}

/** What a rule is asked: may somebody do this with this channel? */
export interface Question {
  readonly action: ChannelAction;
  readonly channel: ChannelName;
  readonly match: RuleMatch;
}
