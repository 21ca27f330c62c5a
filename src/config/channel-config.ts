/** Channel rules in a configuration file: the declarative part of the library's options. */

import * as v from 'valibot';
import { dataKinds } from '../engine/channels/data-kind.js';
import { greatestRate } from '../engine/channels/max-rate.js';
import { maxDropOldest } from '../engine/channels/slow-policy.js';
import { maxEveryMs, maxStreamsOfChannel, minStreamBytes } from '../engine/channels/stream-terms.js';
import { ChannelPattern } from '../engine/names/channel-pattern.js';
import { closest } from '../model/closest.js';
import { FanfareError } from '../model/fanfare-error.js';
import { leastRate } from '../model/max-rate-wish.js';
import { bytes, duration, fromJson, type OptionKind } from './option-kinds.js';

const who = ['nobody', 'anyone', 'user', 'subscriber'] as const;
const whoSubscribes = ['nobody', 'anyone', 'user', 'token', 'hook'] as const;
const whoPublishes = [...who, 'hook'] as const;

const oneOf = <const Choice extends string>(choices: readonly Choice[]) =>
  v.picklist(choices, `is none of ${choices.join(', ')}`);
const onOff = v.boolean('is neither true nor false');

const missing = 'is missing';

const historyEntries = {
  size: v.pipe(
    v.number('is not a number'),
    v.integer('is not a whole number'),
    v.minValue(1, 'is below 1'),
    v.maxValue(100_000, 'is above 100000'),
  ),
  ttl: v.pipe(duration().schema, v.minValue(1, 'is 0: nothing would be kept')),
  read: v.optional(oneOf(who)),
};

const mapEntries = {
  size: v.optional(
    v.pipe(
      v.number('is not a number'),
      v.integer('is not a whole number'),
      v.minValue(1, 'is below 1'),
      v.maxValue(1_000_000, 'is above 1000000'),
    ),
  ),
  maxBytes: v.optional(bytes({ min: 1_024 }).schema),
  ttl: v.optional(v.pipe(duration().schema, v.minValue(1, 'is 0: no key would stay'))),
  key: v.optional(oneOf(['any', 'user', 'client'])),
  presence: v.optional(oneOf(['clients', 'users'])),
};

const wait = v.pipe(duration().schema, v.minValue(1_000, 'is below 1s'));

const streamsEntries = {
  of: v.optional(oneOf(['text', 'items'])),
  size: v.optional(
    v.pipe(
      v.number('is not a number'),
      v.integer('is not a whole number'),
      v.minValue(1, 'is below 1'),
      v.maxValue(maxStreamsOfChannel, `is above ${maxStreamsOfChannel}`),
    ),
  ),
  ttl: v.optional(v.pipe(duration().schema, v.minValue(1, 'is 0: nothing would be kept'))),
  maxBytes: v.optional(bytes({ min: minStreamBytes }).schema),
  every: v.optional(duration({ max: maxEveryMs }).schema),
  interruptAfter: v.optional(v.pipe(wait, v.maxValue(3_600_000, 'is above 1h'))),
  cancel: v.optional(oneOf(who)),
  stopWhenAlone: v.optional(wait),
};

const noRate = `is not a number of publications per second from ${leastRate} to ${greatestRate}`;
const rate = v.pipe(v.number(noRate), v.minValue(leastRate, noRate), v.maxValue(greatestRate, noRate));
const noWindow = `is not a number of publications from 1 to ${maxDropOldest}`;
const dropOldest = v.pipe(
  v.number(noWindow),
  v.integer(noWindow),
  v.minValue(1, noWindow),
  v.maxValue(maxDropOldest, noWindow),
);

const ruleEntries = {
  data: v.optional(oneOf(dataKinds)),
  subscribe: v.optional(oneOf(whoSubscribes)),
  publish: v.optional(oneOf(whoPublishes)),
  history: v.optional(strictObject(historyEntries)),
  map: v.optional(strictObject(mapEntries)),
  streams: v.optional(strictObject(streamsEntries)),
  recovery: v.optional(oneOf(['stream', 'cache', 'off'])),
  presence: v.optional(v.union([onOff, oneOf(who)], `is neither true nor false, nor one of ${who.join(', ')}`)),
  joinLeave: v.optional(v.union([onOff, v.literal('push')], 'is neither true nor false, nor push')),
  userLimited: v.optional(onOff),
  filterTags: v.optional(
    v.union(
      [v.literal('any'), v.array(v.pipe(v.string(), v.minLength(1)))],
      'is neither a list of names of tags nor any',
    ),
  ),
  maxMessageBytes: v.optional(bytes({ min: 2 }).schema),
  delta: v.optional(onOff),
  compaction: v.optional(onOff),
  dictionarySamples: v.optional(onOff),
  batch: v.optional(duration({ max: 1_000 }).schema),
  maxRate: v.optional(strictObject({ default: v.optional(rate), max: v.optional(rate) })),
  slow: v.optional(
    v.union(
      [v.picklist(['disconnect', 'latest', 'recover']), strictObject({ dropOldest })],
      `is neither disconnect, latest, recover, nor dropOldest with a number from 1 to ${maxDropOldest}`,
    ),
  ),
};

/** One rule, with durations in milliseconds. */
const rule = strictObject(ruleEntries);

export type ChannelConfig = v.InferOutput<typeof rule>;
type ChannelConfigInput = v.InferInput<typeof rule>;

/** Its errors name an unknown key with the one that was probably meant, or a missing key. */
export function strictObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, (issue) => {
    if (issue.expected === 'never') return unknownKey(String(issue.path?.at(-1)?.key), Object.keys(entries));
    if (issue.received === 'null') return 'is empty: indent its options below it';
    return issue.received === 'undefined'
      ? missing
      : `is not an object with ${Object.keys(entries).join(', ')}; indent its options below it`;
  });
}

export function unknownKey(key: string, known: readonly string[]): string {
  const meant = closest(key, known);
  return `is unknown${meant === undefined ? `; there are ${known.join(', ')}` : `; did you mean "${meant}"?`}`;
}

/** @returns why the text is not a pattern, or `undefined` */
function patternFault(pattern: string): string | undefined {
  try {
    new ChannelPattern(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof FanfareError) return error.message.replace(`channel pattern "${pattern}": `, '');
    throw error;
  }
}

const pattern = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    const fault = dataset.typed ? patternFault(dataset.value) : undefined;
    if (fault !== undefined) addIssue({ message: `is not a channel pattern: ${fault}` });
  }),
);

export type ChannelsConfig = Readonly<Record<string, ChannelConfig>>;

/** Patterns and their rules. In text: JSON. */
export function channels(): OptionKind<Record<string, ChannelConfigInput>, ChannelsConfig> {
  return {
    name: 'rules by pattern',
    schema: v.record(pattern, rule, 'is not an object of patterns and rules'),
    fromText: fromJson,
    format: (value) => {
      const patterns = Object.keys(value);
      return patterns.length === 0 ? 'none' : patterns.join(', ');
    },
  };
}
