/** How an application declares its channels: the options of one rule, typed by its pattern and its message schema. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SubscriptionOverride } from '../ports/authenticator.js';
import type { Duration } from '../time/duration.js';
import { anything, expectOptions, optionalFunction, schema, word, wordOrFunction } from './channel-check.js';
import type { SlowOption } from './slow-policy.js';

type Segment<Part extends string> = Part extends `{${infer Name}*}`
  ? { readonly [Key in Name]: string }
  : Part extends `{${infer Name}}`
    ? { readonly [Key in Name]: string }
    : unknown;

type Placeholders<Pattern extends string> = Pattern extends `${infer Head}:${infer Tail}`
  ? Segment<Head> & Placeholders<Tail>
  : Segment<Pattern>;

/** The placeholders of a pattern: `{ room: string }` for `chat:{room}`, none for `news`. */
export type ParamsOf<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : unknown extends Placeholders<Pattern>
    ? Readonly<Record<never, string>>
    : Placeholders<Pattern>;

/** The argument of a permission function. */
export interface PermissionContext<Pattern extends string = string> {
  /** Id of the user, `null` for an anonymous connection. */
  readonly user: string | null;
  /** Id of the connection. */
  readonly client: string;
  /** Name of the channel. */
  readonly channel: string;
  /** What the placeholders of the pattern stand for in this name. */
  readonly params: ParamsOf<Pattern>;
  /** What authentication attached to the connection, for the server only. */
  readonly meta: unknown;
  /** Name of the transport: `websocket`, … */
  readonly transport: string;
  /** Headers of the HTTP request behind the connection; lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** Address of the client, behind trusted proxies the one that they give. */
  readonly remoteAddress: string;
}

/** The argument of a subscribe function. */
export interface SubscribeContext<Pattern extends string = string> extends PermissionContext<Pattern> {
  /** Data of the client's request; unchecked. */
  readonly data: unknown;
  /** The subscription token that the client sent, unread. */
  readonly token: string | undefined;
}

/** The argument of a publish function. */
export interface PublishContext<Message, Pattern extends string = string> extends PermissionContext<Pattern> {
  /** Validated by the channel's schema. Null for a key of a map that is removed. */
  readonly data: Message;
  /** In a map: the key that is set, or removed. */
  readonly key?: string;
  /** In a map: the key is to be removed. Absent: it is to be set. */
  readonly removed?: boolean;
}

/** A grant of a subscription with details. */
export interface SubscribeGrant {
  /** Shown to others as `chanInfo` in presence, joins and publications. */
  readonly info?: unknown;
  /** Sent to the subscriber in its `subscribed` event. */
  readonly data?: unknown;
  /** Unix time in seconds at which the subscription ends. */
  readonly expiresAt?: number;
  /** Options of the rule that are different for this one. */
  readonly override?: SubscriptionOverride;
}

/** A publication that is permitted with changes. */
export interface PublishGrant {
  /** Published instead of what the client sent. */
  readonly data?: unknown;
  /** Sent with it, for filters of subscribers. Default: none. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Deliver it without adding it to the history. */
  readonly skipHistory?: boolean;
  /** A retry with the same key within 5 minutes is not published again. 1 to 256 bytes. */
  readonly idempotencyKey?: string;
}

/**
 * A refusal with a code of the application's own: an error (400 to 1999) that the client gets as the reply, or a
 * disconnect (4000 to 4499: the client reconnects; 4500 to 4999: it does not). Plain `false` is error 103.
 */
export type Denial =
  | { readonly error: { readonly code: number; readonly message: string; readonly temporary?: boolean } }
  | { readonly disconnect: { readonly code: number; readonly reason: string } };

type Decision<Context, Answer> = (context: Context) => Answer | Promise<Answer>;

/**
 * Who may do it. `nobody` is the default everywhere. `anyone`: every connection, anonymous ones too. `user`: every
 * authenticated connection. `subscriber`: clients that are subscribed. `token`: clients with a subscription token.
 */
export type PermissionName = 'nobody' | 'anyone' | 'user' | 'subscriber';

/** What a channel keeps, and who may read it. */
export interface HistoryOptions {
  /** Publications kept, at least 1. */
  readonly size: number;
  /** The history is emptied this long after the last publication. Default: `5m`. */
  readonly ttl?: Duration;
  /** Who may read it by the `history` command. Default: `subscriber`. */
  readonly read?: PermissionName | Decision<PermissionContext, boolean | Denial>;
}

/** A channel that is a map: a state of keys with values, which subscribers get first, and then its changes. */
export interface MapOptions {
  /** Most keys of one channel, at most 1,000,000; a further one is refused. Default: 10,000. */
  readonly size?: number;
  /** Most bytes of the keys and values of one channel, at least 1,024. Default: `limits.maxMapBytes`. */
  readonly maxBytes?: number;
  /** A key is removed this long after it was last set, unless that set says otherwise. Default: it stays. */
  readonly ttl?: Duration;
  /**
   * Which keys clients may set and remove, if they may publish at all. `any`; `user`: the key that is their user's id;
   * `client`: the key that is the id of their connection, and that goes with their subscription. The server may always
   * change all keys. Default: `any`.
   */
  readonly key?: 'any' | 'user' | 'client';
  /**
   * Makes it a map of who is present in another channel, whose name follows the first word of its own: `here:room:1` shows
   * `room:1`, whose rule has `presence`. `clients`: its keys are the ids of the connections, with their users as `info`;
   * `users`: the ids of the users. Nobody else sets keys, and they have no values. Default: it shows nobody.
   */
  readonly presence?: 'clients' | 'users';
}

/**
 * A channel of streams: messages that are opened, appended to, and closed. Subscribers get each stream so far, and then
 * what is appended.
 */
export interface StreamsOptions {
  /** What a stream is made of: one text, or items of JSON that have the type of `message`. Default: `text`. */
  readonly of?: 'text' | 'items';
  /** Streams kept in a channel, from 1 to 10,000. The oldest that have ended go first. Default: 100. */
  readonly size?: number;
  /** A stream that has ended is kept for so long after its last change. Default: `24h`. */
  readonly ttl?: Duration;
  /** Most bytes of one stream, as JSON, at least 1,024. What would exceed it is refused. Default: 262,144. */
  readonly maxBytes?: number;
  /** How long appends are gathered before they leave for a subscriber, at most `10s`. `0ms`: about one millisecond. Default: `150ms`. */
  readonly every?: Duration;
  /**
   * A stream is interrupted when nothing has been heard of its producer for so long, from `1s` to `1h`, or up to a second
   * later. Default: `15s`.
   */
  readonly interruptAfter?: Duration;
  /** Which clients may cancel a stream; the server always may. Default: `nobody`. */
  readonly cancel?: PermissionName | Decision<PermissionContext, boolean | Denial>;
  /**
   * Cancel a stream when its channel has had no subscriber on any node for so long (at least `1s`), or a little
   * longer. Default: never.
   */
  readonly stopWhenAlone?: Duration;
}

/** How often a subscriber gets publications: at most so many per second, of each key in a map. */
export interface MaxRateOptions {
  /** For subscribers that do not ask for a rate, from 0.001 to 1,000. Default: `max`; without that, all publications. */
  readonly default?: number;
  /** The greatest that a client gets, from 0.001 to 1,000. Default: clients may ask for any, or for none. */
  readonly max?: number;
}

/** One channel rule. Everything that is not granted is denied. */
export interface ChannelOptions<Schema extends StandardSchemaV1 = StandardSchemaV1, Pattern extends string = string> {
  /** Schema of the messages: any Standard Schema (zod, valibot, arktype, …), or `bytes()`. Default: any JSON. */
  readonly message?: Schema;
  /** Who may subscribe. Default: `nobody`. A function may return a {@link SubscribeGrant} instead of `true`. */
  readonly subscribe?:
    | Exclude<PermissionName, 'subscriber'>
    | 'token'
    | Decision<SubscribeContext<Pattern>, boolean | SubscribeGrant | Denial>;
  /**
   * Called when a subscription that a function granted has expired: may it continue, and until when? Default: it ends,
   * and its client subscribes again.
   */
  readonly renew?: Decision<PermissionContext<Pattern>, boolean | SubscribeGrant | Denial>;
  /** Which clients may publish; the server always may. Default: `nobody`. */
  readonly publish?:
    | PermissionName
    | Decision<PublishContext<StandardSchemaV1.InferOutput<Schema>, Pattern>, boolean | PublishGrant | Denial>;
  /** Keep publications, for recovery and for reading back. Default: none are kept. */
  readonly history?: HistoryOptions;
  /**
   * Makes the channel a map of keys with values, which have the type of `message`. Its `history` keeps changes, by
   * default the last 10,000.
   */
  readonly map?: MapOptions;
  /** Makes it a channel of streams: messages that grow while they are read. Default: messages are whole. */
  readonly streams?: StreamsOptions;
  /**
   * What a subscriber gets of the history. `stream`: all it missed. `cache`: the last value, on every subscribe.
   * `off`: nothing. Default: `stream` when there is a history.
   */
  readonly recovery?: 'stream' | 'cache' | 'off';
  /** Keep presence. A permission says who may read it; `true` is `subscriber`. Default: `false`. */
  readonly presence?: boolean | PermissionName | Decision<PermissionContext<Pattern>, boolean | Denial>;
  /**
   * Send joins and leaves. `true`: to subscribers that ask for them. `push`: to all, also over transports and SDKs that
   * cannot ask. Default: `false`.
   */
  readonly joinLeave?: boolean | 'push';
  /**
   * A name that ends in `#42,43` is only for the users 42 and 43, who need no further permission to subscribe. Default:
   * `false`, and `#` is a character like any other.
   */
  readonly userLimited?: boolean;
  /**
   * Tags by which subscribers may have publications filtered, or `any`. A filter by another tag is refused, since nothing
   * might ever pass it. Default: none, filters are refused.
   */
  readonly filterTags?: readonly string[] | 'any';
  /** Largest message in bytes, of JSON those of its text. Default: 65,536. */
  readonly maxMessageBytes?: number;
  /**
   * Send a publication as its difference to the one before, if that is smaller, to subscribers that ask for it (`delta:
   * 'fossil'` in the SDKs). For messages that resemble each other. Default: `false`.
   */
  readonly delta?: boolean;
  /**
   * Send a number instead of the channel's name with each publication, join and leave, to SDKs that understand it. For
   * small messages in channels with long names. Default: `false`.
   */
  readonly compaction?: boolean;
  /**
   * Let pieces that many of its messages have in common become part of the dictionaries of a listener's compression.
   * Whoever may connect gets these: only for channels whose messages everybody may know. Default: `false`.
   */
  readonly dictionarySamples?: boolean;
  /**
   * How long publications, joins and leaves may be gathered while the server is busy, at most `1s`, so that many of them
   * share one write to each connection. While it is idle nothing waits. Default: `0ms`, they leave at once.
   */
  readonly batch?: Duration;
  /**
   * Send a subscriber the newest publication at regular beats, and not every one: of each key in a map. Clients ask for a
   * rate with `maxRate`, within these bounds. Default: everybody gets everything, and clients cannot ask.
   */
  readonly maxRate?: MaxRateOptions;
  /**
   * What becomes of a subscriber that reads more slowly than messages come, so that its connection takes no more.
   * `disconnect`: everything waits for it up to `limits.maxQueueBytes`, then its connection is closed (3008). `latest`: the
   * newest message waits, in a map that of each key. `dropOldest`: the newest N wait, 1 to 10,000. `recover`: nothing waits,
   * and it gets what it missed from the history. Order stays, and nothing comes twice. Default: `disconnect`.
   */
  readonly slow?: SlowOption;
}

/** A declared channel rule, as {@link channel} returns it. */
export interface ChannelDeclaration<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Pattern extends string = string,
> {
  /** What {@link channel} was given. */
  readonly options: ChannelOptions<Schema, Pattern>;
}

const who = wordOrFunction('nobody', 'anyone', 'user', 'subscriber');
const historyChecks = { size: anything, ttl: anything, read: who } satisfies Record<keyof HistoryOptions, unknown>;
const mapChecks = {
  size: anything,
  maxBytes: anything,
  ttl: anything,
  key: word('any', 'user', 'client'),
  presence: word('clients', 'users'),
} satisfies Record<keyof MapOptions, unknown>;
const streamsChecks = {
  of: word('text', 'items'),
  size: anything,
  ttl: anything,
  maxBytes: anything,
  every: anything,
  interruptAfter: anything,
  cancel: who,
  stopWhenAlone: anything,
} satisfies Record<keyof StreamsOptions, unknown>;
const rateChecks = { default: anything, max: anything } satisfies Record<keyof MaxRateOptions, unknown>;
const checks = {
  message: schema,
  subscribe: wordOrFunction('nobody', 'anyone', 'user', 'token'),
  renew: optionalFunction,
  publish: who,
  history(what: string, value: unknown) {
    if (value !== undefined) expectOptions(what, value, historyChecks);
  },
  map(what: string, value: unknown) {
    if (value !== undefined) expectOptions(what, value, mapChecks);
  },
  streams(what: string, value: unknown) {
    if (value !== undefined) expectOptions(what, value, streamsChecks);
  },
  recovery: word('stream', 'cache', 'off'),
  presence: wordOrFunction(true, false, 'nobody', 'anyone', 'user', 'subscriber'),
  joinLeave: word(true, false, 'push'),
  userLimited: word(true, false),
  filterTags: anything,
  maxMessageBytes: anything,
  delta: word(true, false),
  compaction: word(true, false),
  dictionarySamples: word(true, false),
  batch: anything,
  maxRate(what: string, value: unknown) {
    if (value !== undefined) expectOptions(what, value, rateChecks);
  },
  slow: anything,
} satisfies Record<keyof ChannelOptions, unknown>;

/**
 * Declares a channel rule; its pattern is the key under which `fanfare({ channels })` gets it.
 *
 * @throws FanfareError `ERR_CONFIG`, naming an option that is unknown or wrong
 * @example
 * const channels = {
 *   'chat:{room}': channel({ subscribe: 'user', publish: 'subscriber', history: { size: 100, ttl: '24h' } }),
 * };
 */
export function channel<Schema extends StandardSchemaV1 = StandardSchemaV1<unknown>, Pattern extends string = string>(
  options: ChannelOptions<Schema, Pattern> = {},
): ChannelDeclaration<Schema, Pattern> {
  expectOptions('channel(options)', options, checks);
  return { options };
}
