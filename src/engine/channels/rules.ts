/** Channel rules: what applies to a channel, found by its name. */

import { type ChannelName, internalPrefix } from '../../model/channel-name.js';
import { kindOf } from '../../model/expected.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { isRate, leastRate } from '../../model/max-rate-wish.js';
import { ChannelPattern } from '../names/channel-pattern.js';
import type { KeptKinds, Stores, StreamLimits } from '../ports/broker.js';
import type { EngineLimits } from '../ports/limits.js';
import { RuleCounts } from '../ports/rule-counts.js';
import { type Duration, parseDurationMs } from '../time/duration.js';
import { isBytesSchema } from './bytes.js';
import type { ChannelDeclaration, ChannelOptions, MapOptions, MaxRateOptions } from './channel-options.js';
import { greatestRate, type RateTerms } from './max-rate.js';
import type { MapTerms, Rule } from './rule.js';
import { compareRules } from './rule-comparison.js';
import { type SlowPolicy, slowPolicy } from './slow-policy.js';
import { rateOf, streamTerms } from './stream-terms.js';

const defaultHistoryTtl: Duration = '5m';
const maxHistorySize = 100_000;
/** Changes that a map keeps for clients that come back, and for newcomers while they read its state. */
const defaultMapChanges = 10_000;
const defaultMapSize = 10_000;
const defaultPresenceSize = 100_000;
const maxMapSize = 1_000_000;
/** Whose keys they are, by the kind of presence. */
const presenceKeys = { clients: 'client', users: 'user' } as const;
const minMapBytes = 1_024;
const maxBatchMs = 1_000;

/** Limits that hold for rules without their own. */
type RuleDefaults = Pick<EngineLimits, 'maxMessageBytes'> & Partial<Pick<EngineLimits, 'maxMapBytes'>>;

/** The first rule whose pattern matches is the channel's. No rule: the channel does not exist. */
export class ChannelRules {
  readonly #rules: readonly Rule[];
  /** First words of the names of maps that show the presence of the channel whose name follows. */
  readonly presenceMaps: readonly string[];
  /** Whether any rule leaves a decision to a function of the application. */
  readonly askFunctions: boolean;
  /** What any channel keeps. */
  readonly keeps: KeptKinds;

  /**
   * @param previous the rules that are replaced: a rule that has not changed stays the same object
   * @throws FanfareError `ERR_CONFIG`, naming the rule and the option.
   */
  constructor(
    declarations: Readonly<Record<string, ChannelDeclaration>>,
    stores: Stores,
    defaults: RuleDefaults,
    previous: Iterable<Rule> = [],
  ) {
    const known = new Map([...previous].map((rule) => [rule.pattern.text, rule]));
    this.#rules = Object.entries(declarations).map(([text, { options }]) => {
      const before = known.get(text);
      const rule = compile(text, options, defaults, before?.counts);
      return before !== undefined && compareRules(before, rule) === 'same' ? before : rule;
    });
    for (const rule of this.#rules) checkStores(rule, stores);
    for (const [text, { options }] of Object.entries(declarations)) {
      if (options.map?.maxBytes === undefined || stores.maps?.boundsBytes === true) continue;
      throw fault(text, `has map.maxBytes, and the broker "${stores.name}" does not count bytes`);
    }
    this.presenceMaps = [...new Set(this.#rules.filter(({ map }) => map?.presence !== undefined).map(firstWord))];
    this.askFunctions = this.#rules.some(({ subscribe, renew, publish, readHistory, readPresence, streams }) =>
      [subscribe, renew, publish, readHistory, readPresence, streams?.cancel].some(
        (decision) => typeof decision === 'function',
      ),
    );
    this.keeps = {
      history: this.#rules.some(({ stream }) => stream !== undefined),
      presence: this.#rules.some(({ presence }) => presence),
      maps: this.#rules.some(({ map }) => map !== undefined),
      answers: this.#rules.some(({ streams }) => streams !== undefined),
    };
  }

  match(channel: ChannelName): Rule | undefined {
    return this.#rules.find(({ pattern }) => pattern.matches(channel));
  }

  [Symbol.iterator](): Iterator<Rule> {
    return this.#rules[Symbol.iterator]();
  }
}

function compile(text: string, options: ChannelOptions, defaults: RuleDefaults, counts = new RuleCounts()): Rule {
  if (options.streams !== undefined) return compileStreams(text, options, defaults, counts);
  if (/^(0|[1-9]\d*)$/.test(text)) throw fault(text, 'a whole number cannot be a pattern: objects reorder such keys');
  if (text.startsWith(internalPrefix)) throw fault(text, `names that begin with "${internalPrefix}" are reserved`);
  const { presence = false } = options;
  const map = options.map === undefined ? undefined : mapTerms(text, options.map, defaults);
  if (map?.presence !== undefined) checkPresenceMap(text, options);
  const history = options.history ?? (map && { size: defaultMapChanges });
  const stream = history === undefined ? undefined : streamLimits(text, history);
  if (map !== undefined && (options.recovery ?? 'stream') !== 'stream') {
    throw fault(text, 'a map is always recovered: leave recovery out');
  }
  if (map !== undefined && options.delta === true) throw fault(text, 'values of a map are whole: leave delta out');
  const recovery = options.recovery ?? (stream === undefined ? 'off' : 'stream');
  if (recovery !== 'off' && stream === undefined) throw fault(text, `recovery "${recovery}" needs a history`);
  const binary = isBytesSchema(options.message) ? options.message.bytes : undefined;
  if (binary?.maxBytes !== undefined && options.maxMessageBytes !== undefined) {
    throw fault(text, 'bytes({ maxBytes }) and maxMessageBytes are the same limit: set one of them');
  }
  if (map !== undefined && options.filterTags !== undefined) {
    throw fault(text, 'maps are whole: leave filterTags out');
  }
  if (binary !== undefined && map !== undefined) throw fault(text, 'values of a map are JSON: leave bytes out');
  if (binary !== undefined && options.delta === true) throw fault(text, 'deltas are those of JSON: leave delta out');
  const { dictionarySamples = false } = options;
  if (binary !== undefined && dictionarySamples)
    throw fault(text, 'dictionaries have pieces of JSON: leave dictionarySamples out');
  if (options.userLimited === true && dictionarySamples) {
    throw fault(text, 'messages for single users are for nobody else: leave dictionarySamples out');
  }
  const maxMessageBytes = options.maxMessageBytes ?? binary?.maxBytes ?? defaults.maxMessageBytes;
  if (!Number.isSafeInteger(maxMessageBytes) || maxMessageBytes < 2) {
    throw fault(text, `maxMessageBytes must be a whole number of at least 2, got ${kindOf(maxMessageBytes)}`);
  }
  return {
    pattern: new ChannelPattern(text),
    data: binary === undefined ? 'json' : binary.base64 === true ? 'base64' : 'bytes',
    schema: binary === undefined ? options.message : undefined,
    subscribe: options.subscribe ?? 'nobody',
    renew: options.renew,
    publish: options.publish ?? 'nobody',
    readHistory: options.history === undefined ? 'nobody' : (options.history.read ?? 'subscriber'),
    readPresence: presence === true ? 'subscriber' : presence === false ? 'nobody' : presence,
    stream,
    map,
    streams: undefined,
    recovery,
    presence: presence !== false,
    joinLeave: options.joinLeave === true || options.joinLeave === 'push',
    pushJoinLeave: options.joinLeave === 'push',
    userLimited: options.userLimited ?? false,
    filterTags: filterTags(text, options.filterTags),
    maxMessageBytes,
    delta: options.delta ?? false,
    compaction: options.compaction ?? false,
    dictionarySamples,
    batchMs: batchMs(text, options.batch),
    maxRate: options.maxRate && rateTerms(text, options.maxRate),
    slow: slow(text, options, recovery),
    counts,
  };
}

/** What does not go together with streams, and why. */
const notWithStreams = {
  map: 'a channel has streams or keys',
  history: 'streams.size and streams.ttl say what is kept',
  recovery: 'streams are always recovered',
  delta: 'only what is new is sent anyway',
  filterTags: 'streams are whole',
  batch: 'streams.every gathers',
  maxRate: 'streams.every says how often',
  slow: 'a slow reader gets larger parts',
} as const satisfies { readonly [Name in keyof ChannelOptions]?: string };

/** A channel of messages, but for what streams decide themselves. */
function compileStreams(
  text: string,
  { streams = {}, ...options }: ChannelOptions,
  defaults: RuleDefaults,
  counts: RuleCounts,
): Rule {
  for (const [name, why] of Object.entries(notWithStreams)) {
    // safe: the table has names of options
    if (options[name as keyof typeof notWithStreams] !== undefined) throw fault(text, `${why}: leave ${name} out`);
  }
  const found = streamTerms(streams);
  if (typeof found === 'string') throw fault(text, found);
  const { stream, ...terms } = found;
  if (isBytesSchema(options.message)) throw fault(text, 'streams are JSON: leave bytes out');
  if (terms.content === 'text' && options.message !== undefined) {
    throw fault(text, 'a stream of text has no items: write streams.of "items", or leave message out');
  }
  const rate = rateOf(terms);
  return {
    ...compile(text, { compaction: true, ...options }, defaults, counts),
    readHistory: 'subscriber',
    stream,
    streams: terms,
    recovery: 'stream',
    maxRate: { usual: rate, max: rate },
    slow: { kind: 'recover' },
  };
}

function filterTags(text: string, tags: ChannelOptions['filterTags'] = []): Rule['filterTags'] {
  if (tags === 'any') return tags;
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && tag !== '')) return tags;
  throw fault(text, `filterTags must be a list of names of tags, or "any", got ${kindOf(tags)}`);
}

function batchMs(text: string, batch: Duration = '0ms'): number {
  const ms = parseDurationMs(batch);
  if (ms === undefined || ms > maxBatchMs) {
    throw fault(text, `batch must be like "20ms", and "1s" at most, got ${kindOf(batch)}`);
  }
  return ms;
}

function rateTerms(text: string, { default: usual, max }: MaxRateOptions): RateTerms {
  for (const [name, rate] of Object.entries({ default: usual, max })) {
    if (rate === undefined || (isRate(rate) && rate <= greatestRate)) continue;
    const bounds = `a number of publications per second from ${leastRate} to ${greatestRate}`;
    throw fault(text, `maxRate.${name} must be ${bounds}, got ${kindOf(rate)}`);
  }
  if (usual !== undefined && max !== undefined && usual > max) {
    throw fault(text, `maxRate.default is ${usual}, more than maxRate.max (${max})`);
  }
  return { usual: usual ?? max, max };
}

function slow(
  text: string,
  { slow = 'disconnect', map, maxRate }: ChannelOptions,
  recovery: Rule['recovery'],
): SlowPolicy {
  const policy = slowPolicy(slow);
  if (typeof policy === 'string') throw fault(text, policy);
  if (policy.kind === 'recover' && recovery !== 'stream') {
    throw fault(text, 'slow "recover" needs a history, and recovery "stream": who is slow goes on from it');
  }
  if (policy.kind === 'recover' && maxRate !== undefined) {
    throw fault(text, 'slow "recover" gives subscribers everything, and maxRate does not: write slow "latest"');
  }
  if (policy.kind === 'dropOldest' && map !== undefined) {
    throw fault(text, 'slow readers of a map that missed changes would have a wrong state: write slow "latest"');
  }
  return policy;
}

function streamLimits(text: string, history: NonNullable<ChannelOptions['history']>): StreamLimits {
  const { size, ttl = defaultHistoryTtl } = history;
  if (!Number.isSafeInteger(size) || size < 1 || size > maxHistorySize) {
    throw fault(text, `history.size must be a whole number from 1 to ${maxHistorySize}, got ${kindOf(size)}`);
  }
  const ttlMs = parseDurationMs(ttl);
  if (ttlMs === undefined || ttlMs === 0)
    throw fault(text, `history.ttl must be like "5m" or "24h", got ${kindOf(ttl)}`);
  return { size, ttlMs };
}

function mapTerms(
  text: string,
  { size, maxBytes, ttl, key, presence }: MapOptions,
  { maxMapBytes = Number.POSITIVE_INFINITY }: RuleDefaults,
): MapTerms {
  const maxKeys = size ?? (presence === undefined ? defaultMapSize : defaultPresenceSize);
  if (!Number.isSafeInteger(maxKeys) || maxKeys < 1 || maxKeys > maxMapSize) {
    throw fault(text, `map.size must be a whole number from 1 to ${maxMapSize}, got ${kindOf(size)}`);
  }
  if (maxBytes !== undefined && (!Number.isSafeInteger(maxBytes) || maxBytes < minMapBytes)) {
    throw fault(text, `map.maxBytes must be a whole number of at least ${minMapBytes}, got ${kindOf(maxBytes)}`);
  }
  const ttlMs = ttl === undefined ? undefined : parseDurationMs(ttl);
  if (ttl !== undefined && (ttlMs === undefined || ttlMs === 0)) {
    throw fault(text, `map.ttl must be like "30s" or "5m", got ${kindOf(ttl)}`);
  }
  // A node that dies cannot remove the keys of its clients.
  if (key === 'client' && ttlMs === undefined) throw fault(text, 'map.key "client" needs a map.ttl, such as "1m"');
  const ofPresence = presence && presenceKeys[presence];
  return { maxKeys, maxBytes: maxBytes ?? maxMapBytes, ttlMs, key: ofPresence ?? key ?? 'any', presence };
}

function checkPresenceMap(text: string, { map, publish, message, presence }: ChannelOptions): void {
  if (!/^[^{:]+:/.test(text)) {
    throw fault(text, 'map.presence: it needs a word and a colon before the name of the channel, "here:{channel*}"');
  }
  const given = { 'map.key': map?.key, 'map.ttl': map?.ttl, publish, message, presence };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && value !== 'nobody' && value !== false) {
      throw fault(text, `its keys are those who are present in another channel: leave ${name} out`);
    }
  }
}

/** The first segment, which is a literal. */
function firstWord({ pattern }: Rule): string {
  return pattern.text.slice(0, pattern.text.indexOf(':'));
}

function checkStores(rule: Rule, broker: Stores): void {
  const { text } = rule.pattern;
  if (rule.data !== 'json' && broker.carriesBytes !== true) {
    throw fault(text, `asks for bytes, which the broker "${broker.name}" does not carry`);
  }
  if (rule.stream !== undefined && broker.history === undefined) {
    throw fault(text, `asks for history, which the broker "${broker.name}" does not keep`);
  }
  if (rule.map !== undefined && broker.maps === undefined) {
    throw fault(text, `is a map, and the broker "${broker.name}" keeps none: take memory, redis or nats`);
  }
  if (rule.streams !== undefined && broker.answers === undefined) {
    throw fault(text, `has streams, and the broker "${broker.name}" keeps none: take memory, redis or nats`);
  }
  if (rule.map?.presence !== undefined && broker.maps?.renew === undefined) {
    throw fault(text, `shows presence, and the maps of the broker "${broker.name}" cannot`);
  }
  if (rule.presence && broker.presence === undefined) {
    throw fault(text, `asks for presence, which the broker "${broker.name}" does not keep`);
  }
}

function fault(text: string, why: string): FanfareError {
  return new FanfareError('ERR_CONFIG', `channel rule "${text}": ${why}`);
}
