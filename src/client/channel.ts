/**
 * A channel as an application uses it: events, an async iterator and calls, shared by all its users in the page. One class,
 * since all of them share the state of one subscription.
 */

import type {
  Centrifuge,
  PublicationContext,
  SubscribedContext,
  Subscription,
  SubscriptionOptions,
  UnsubscribedContext,
} from 'centrifuge';
import { defined } from '../model/defined.js';
import { joinLeaveProcedure } from '../model/join-leave-wish.js';
import type { CallGate } from './call-gate.js';
import type {
  Cause,
  ChannelEvents,
  ChannelOptions,
  ChannelState,
  HistoryOptions,
  HistoryResult,
  PresenceStats,
} from './channel-events.js';
import { ClientError, toClientError } from './client-error.js';
import type { ConnectOptions } from './connect-options.js';
import type { TagFilter } from './filter.js';
import { JoinLeave } from './join-leave.js';
import { Listeners } from './listeners.js';
import { LiveChannel, type LiveOptions } from './live-channel.js';
import { type Member, type Message, type StreamPosition, toMember, toMessage, toSent } from './message.js';
import { MessageReader } from './message-reader.js';
import { positionOf } from './publish-position.js';
import { subscriptionOptions } from './sdk-options.js';

const defaultMaxBuffered = 1_024;
const defaultHistoryLimit = 100;

/**
 * Protocol numbers from here to 1999 refuse a subscription; lower ones mean that this client left, higher ones that the
 * server ended it.
 */
const firstRefusal = 100;

interface ChannelParts {
  readonly name: string;
  readonly sdk: Centrifuge;
  readonly options: ChannelOptions;
  readonly connection: ConnectOptions;
  readonly calls: CallGate;
  /** Makes the subscription. Default: one to a channel of messages. */
  readonly make?: (options: SubscriptionOptions) => Subscription;
  /** The connection does not come back by itself. */
  readonly isGone: () => boolean;
  /** Called when it is not subscribed any more. */
  readonly onUnsubscribed: () => void;
  readonly onEnd: () => void;
}

/**
 * Subscribes by itself at the end of the current turn, so that listeners that are added at once miss nothing. After a
 * lost connection it subscribes again and recovers missed messages.
 *
 * @example
 * const room = client.channel('chat:lobby');
 * await room.ready();
 * const { messages } = await room.history({ limit: 20 });
 * await room.publish({ text: 'hello' });
 * const members = await room.presence();
 * const { numUsers } = await room.presenceStats();
 * if (room.error !== undefined) room.subscribe();
 * room.close();
 */
export class Channel<Data, Input = Data> implements AsyncIterable<Message<Data>> {
  /** As it was opened. */
  readonly name: string;
  readonly #parts: ChannelParts;
  readonly #listeners = new Listeners<ChannelEvents<Data>>();
  readonly #readers = new Set<MessageReader<Message<Data>>>();
  #subscription: Subscription | undefined;
  /** What one of its users has asked for holds for all; joins and leaves even without listeners. */
  readonly #wanted = { joinLeave: false, bytes: false, delta: false };
  readonly #joinLeave = new JoinLeave({
    isWanted: () => this.#wanted.joinLeave || this.#listeners.has('join') || this.#listeners.has('leave'),
    isSubscribed: () => this.#subscription?.state === 'subscribed',
    tell: (joinLeave) =>
      this.#parts.calls.waitFor(() => this.#parts.sdk.rpc(joinLeaveProcedure, { channel: this.name, joinLeave })),
    onRefused: (error) => this.#listeners.emit('error', toClientError(error)),
  });
  /** Messages that are missed during a reconnect can be recovered. */
  #isRecoverable = false;
  /** Why the server refused or ended the subscription, or the connection, until the next attempt. */
  #endedBy: ClientError | undefined;
  /** It ended with the connection, and resumes with it. */
  #isAway = false;
  #numReturns = 0;
  #uses = 0;
  #settling = false;
  #ended = false;

  /** Made by `client.channel()`. */
  constructor(parts: ChannelParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#goAwayIfRefused();
  }

  /** Whether messages come. */
  get state(): ChannelState {
    if (this.#ended || this.#isAway) return 'unsubscribed';
    return this.#subscription === undefined ? 'subscribing' : `${this.#subscription.state}`;
  }

  /**
   * Whether a reconnect would lose messages.
   *
   * @internal
   */
  get wouldMiss(): boolean {
    return this.state === 'subscribed' && !this.#isRecoverable && this.#parts.options.mayMiss !== true;
  }

  /**
   * How often it has subscribed again.
   *
   * @internal
   */
  get numReturns(): number {
    return this.#numReturns;
  }

  /**
   * Whether a call was refused only because it reached the server between two subscriptions: the server had ended the
   * first (2500), and this client did not know yet.
   *
   * @internal
   */
  isOutdated(error: unknown, numReturns: number | undefined): boolean {
    const isBetween = numReturns !== this.#numReturns && this.state !== 'unsubscribed';
    return isBetween && toClientError(error).code === 'ERR_PERMISSION_DENIED';
  }

  /** Why it is not subscribed and does not resume by itself: the server refused or ended it, or the connection. */
  get error(): ClientError | undefined {
    return this.#endedBy;
  }

  /**
   * Adds a listener. With a listener for `join` or `leave` the existing subscription asks for them.
   *
   * @returns a function that stops listening
   * @example const stop = room.on('message', ({ data }) => show(data.text));
   */
  on<Event extends keyof ChannelEvents<Data>>(
    event: Event,
    listener: (payload: ChannelEvents<Data>[Event]) => void,
  ): () => void {
    if (this.#ended) return () => {};
    const stop = this.#listeners.add(event, listener);
    this.#settleSoon();
    return () => {
      stop();
      this.#settleSoon();
    };
  }

  /**
   * The messages from now on. A loop ends at once when the channel is closed or the server ends the subscription. It
   * throws when the server refuses a subscription, when the connection has ended, and, after the buffered messages,
   * `ERR_BUFFER_OVERFLOW` when it is too slow. Only the event `gap` reports a gap after a reconnect.
   *
   * @example for await (const { data } of room) show(data.text);
   */
  [Symbol.asyncIterator](): MessageReader<Message<Data>> {
    const reader = new MessageReader<Message<Data>>(
      this.#parts.options.maxBuffered ?? defaultMaxBuffered,
      () => this.#readers.delete(reader),
      () => this.#uses === 0,
    );
    if (this.#ended) reader.end();
    else if (this.state === 'unsubscribed') reader.end(this.#endedBy);
    else this.#readers.add(reader);
    return reader;
  }

  /**
   * The newest messages as a list that stays up to date: the history first, then what comes, without gaps or doubles; read
   * again after a reconnect that lost some. Counts as one more use of the channel, until its `close()`.
   *
   * @example const live = room.live({ history: 50 }); live.on('change', ({ messages }) => show(messages));
   */
  live(options: LiveOptions = {}): LiveChannel<Data> {
    return new LiveChannel<Data>(() => {
      this.retain({});
      return this;
    }, options);
  }

  /**
   * Publishes, once subscribed. Resolves when the server has acknowledged it, with the position of the publication in a
   * channel with a history, and `undefined` in others.
   *
   * @throws ClientError `ERR_PERMISSION_DENIED`, `ERR_BAD_REQUEST` for what the schema refuses, `ERR_TIMEOUT`,
   *   `ERR_CONNECTION`, `ERR_DISCONNECTED`, `ERR_UNSUBSCRIBED`, `ERR_CLOSED`, or why the subscription was refused
   */
  async publish(data: Input): Promise<StreamPosition | undefined> {
    return positionOf(await this.call((subscription) => subscription.publish(toSent(data))));
  }

  /** Reads kept messages, oldest first. Throws as {@link publish} does, `ERR_NOT_AVAILABLE` and `ERR_UNRECOVERABLE`. */
  async history(options: HistoryOptions = {}): Promise<HistoryResult<Data>> {
    const { limit = defaultHistoryLimit, since, reverse = false } = options;
    const { publications, offset, epoch } = await this.call((subscription) =>
      subscription.history({ limit, reverse, ...defined({ since }) }),
    );
    return { messages: publications.map((publication) => this.#toMessage(publication)), offset, epoch };
  }

  /** The clients in the channel. Throws as {@link publish} does, and `ERR_NOT_AVAILABLE`. */
  async presence(): Promise<Member[]> {
    // Joins are requested first, so that there is no gap between them and the list.
    const { clients } = await this.call((subscription) => this.#joinLeave.told().then(() => subscription.presence()));
    return Object.values(clients).map(toMember);
  }

  /** The number of clients in the channel. Throws as {@link presence} does. */
  presenceStats(): Promise<PresenceStats> {
    return this.call((subscription) => subscription.presenceStats());
  }

  /** Resolves once subscribed. Throws the refusal, or `ERR_TIMEOUT`; 0 waits for ever. */
  ready(timeoutMs = 0): Promise<void> {
    return this.#attempt((subscription) => this.#parts.calls.waitFor(() => subscription.ready(timeoutMs)));
  }

  /**
   * Subscribes again after the server has refused or ended the subscription. After the end of the connection,
   * `client.connect()` does so.
   */
  subscribe(): void {
    if (this.#ended || this.#goAwayIfRefused()) return;
    this.#endedBy = undefined;
    this.#opened().subscribe();
  }

  /**
   * Ends one use of the channel, as counted by `client.channel()`. The last one unsubscribes, and no more messages are
   * delivered.
   */
  close(): void {
    if (this.#uses === 0) return;
    this.#uses -= 1;
    this.#settleSoon();
  }

  /**
   * Whether it has no user any more, so that it ends with this turn.
   *
   * @internal
   */
  get isUnused(): boolean {
    return this.#uses === 0;
  }

  /**
   * Whether it gets what passes this filter.
   *
   * @internal
   */
  isFilteredBy(filter: TagFilter | undefined): boolean {
    return JSON.stringify(filter) === JSON.stringify(this.#parts.options.filter);
  }

  /**
   * Whether it gets what passes the filter of these options, as often as they say.
   *
   * @internal
   */
  isAsFor({ filter, maxRate }: ChannelOptions): boolean {
    return this.isFilteredBy(filter) && maxRate === this.#parts.options.maxRate;
  }

  /**
   * Counts one more use; `client.channel()` calls it.
   *
   * @internal
   */
  retain(options: ChannelOptions): void {
    this.#uses += 1;
    for (const name of ['joinLeave', 'bytes', 'delta'] as const) this.#wanted[name] ||= options[name] === true;
    this.#settleSoon();
  }

  /**
   * Unsubscribes for all users; `client.close()` calls it.
   *
   * @internal
   */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.onEnd();
    if (this.#subscription !== undefined) this.#parts.sdk.removeSubscription(this.#subscription);
    this.#endReaders();
    this.#listeners.clear();
  }

  /**
   * The client calls it when the connection is gone for good, so that nobody waits for messages.
   *
   * @returns tells the listeners and readers
   * @internal
   */
  disconnected(error: ClientError, cause: Cause): () => void {
    if (this.state === 'unsubscribed') return () => {};
    this.#isAway = true;
    this.#endedBy = error;
    // It keeps its position. Calls that wait for it in the SDK end, so that they are not made later.
    this.#subscription?.unsubscribe();
    return () => {
      if (this.#endedBy !== error) return;
      this.#listeners.emit('unsubscribed', { ...cause, error });
      this.#endReaders(error);
    };
  }

  /**
   * The client calls it when it connects again.
   *
   * @internal
   */
  reconnecting(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#endedBy = undefined;
    if (this.#subscription === undefined) this.#settleSoon();
    else this.#subscription.subscribe();
  }

  /** Whether there is no connection to subscribe over. */
  #goAwayIfRefused(): boolean {
    const { refusal } = this.#parts.calls;
    if (refusal === undefined) return false;
    this.#isAway = true;
    this.#endedBy = refusal;
    return true;
  }

  /** Deferred, so that a component that unmounts and mounts again in one turn, as under StrictMode, changes nothing. */
  #settleSoon(): void {
    if (this.#settling) return;
    this.#settling = true;
    queueMicrotask(() => {
      this.#settling = false;
      this.#settle();
    });
  }

  #settle(): void {
    if (this.#ended) return;
    if (this.#uses === 0) this.end();
    else if (this.#isAway) return;
    else {
      this.#opened();
      void this.#joinLeave.told();
    }
  }

  #opened(): Subscription {
    this.#subscription ??= this.#open();
    return this.#subscription;
  }

  #open(): Subscription {
    const { connection, options, sdk, make } = this.#parts;
    const given: SubscriptionOptions = {
      joinLeave: this.#joinLeave.ask(),
      ...subscriptionOptions(connection, this.name, { ...options, delta: this.#wanted.delta }),
    };
    const subscription = make?.(given) ?? sdk.newSubscription(this.name, given);
    this.#subscription = subscription;
    subscription.on('subscribing', ({ code, reason }) => {
      this.#numReturns++;
      if (!this.#parts.isGone()) this.#listeners.emit('subscribing', { code, reason });
    });
    subscription.on('subscribed', this.#onSubscribed);
    subscription.on('unsubscribed', this.#onUnsubscribed);
    subscription.on('publication', (publication) => this.#onMessage(this.#toMessage(publication)));
    for (const event of ['join', 'leave'] as const) {
      subscription.on(event, ({ info }) => {
        if (!this.#isLeft()) this.#listeners.emit(event, toMember(info));
      });
    }
    subscription.on('error', ({ error }) => this.#listeners.emit('error', toClientError(error)));
    subscription.subscribe();
    return subscription;
  }

  readonly #onSubscribed = ({ wasRecovering, recovered, streamPosition, recoverable, data }: SubscribedContext) => {
    this.#isRecoverable = recoverable;
    this.#endedBy = undefined;
    // Before any call that listeners make.
    this.#joinLeave.subscribed();
    const position = streamPosition === undefined ? {} : { position: streamPosition };
    this.#listeners.emit('subscribed', { wasRecovering, recovered, ...position, ...defined({ data }) });
    if (wasRecovering && !recovered) this.#listeners.emit('gap', position);
  };

  readonly #onUnsubscribed = ({ code, reason }: UnsubscribedContext) => {
    this.#parts.onUnsubscribed();
    if (this.#isAway) return;
    if (code >= firstRefusal) this.#endedBy = endedBy(code, reason);
    else if (code === 1) this.#endedBy = new ClientError('ERR_UNAUTHORIZED', reason, { protocolCode: code });
    this.#listeners.emit('unsubscribed', { code, reason, ...(this.#endedBy && { error: this.#endedBy }) });
    this.#endReaders(code < 2_000 ? this.#endedBy : undefined);
  };

  #toMessage(publication: PublicationContext): Message<Data> {
    return toMessage<Data>(publication, this.#wanted.bytes);
  }

  #onMessage(message: Message<Data>): void {
    if (this.#isLeft()) return;
    for (const reader of this.#readers) reader.push(message);
    this.#listeners.emit('message', message);
  }

  /** After `close()` nothing more is reported, and missed messages cannot be recovered. */
  #isLeft(): boolean {
    if (this.#uses === 0) this.end();
    return this.#ended;
  }

  #endReaders(error?: ClientError): void {
    for (const reader of [...this.#readers]) reader.end(error);
  }

  /**
   * A call that was refused because the subscription had just ended is made again in the next subscription. Maps call it.
   *
   * @internal
   */
  call<Result>(run: (subscription: Subscription) => Promise<Result>): Promise<Result> {
    return this.#attempt(async (subscription) => {
      for (;;) {
        const numReturns = this.#numReturns;
        try {
          return await this.#parts.calls.run(() => run(subscription));
        } catch (error) {
          if (!this.isOutdated(error, numReturns)) throw error;
        }
      }
    });
  }

  async #attempt<Result>(run: (subscription: Subscription) => Promise<Result>): Promise<Result> {
    if (this.#ended) throw new ClientError('ERR_CLOSED', `"${this.name}" is closed`);
    try {
      if (this.#isAway) throw this.#endedBy;
      return await run(this.#opened());
    } catch (error) {
      const clientError = toClientError(error);
      if (clientError.code !== 'ERR_UNSUBSCRIBED') throw clientError;
      if (this.#ended) throw new ClientError('ERR_CLOSED', `"${this.name}" was closed`, { cause: error });
      throw this.#endedBy ?? clientError;
    }
  }
}

function endedBy(code: number, reason: string): ClientError {
  if (code < 2_000) return toClientError({ code, message: reason });
  return new ClientError('ERR_UNSUBSCRIBED', reason, { protocolCode: code });
}
