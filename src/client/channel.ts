/** One channel as an application uses it: events, an async iterator and calls, shared by all its users in the page. */

import type { Centrifuge, SubscribedContext, Subscription, UnsubscribedContext } from 'centrifuge';
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
import { Listeners } from './listeners.js';
import { type Member, type Message, toMember, toMessage } from './message.js';
import { MessageReader } from './message-reader.js';
import { subscriptionOptions } from './sdk-options.js';

const defaultMaxBuffered = 1_024;
const defaultHistoryLimit = 100;

/** Protocol numbers from here to 1999 refuse a subscription; below, this side left; above, the server ended it. */
const firstRefusal = 100;

/**
 * Subscribes by itself, at the end of the current turn, so that listeners which are added right away miss nothing.
 * After a lost connection it subscribes again and recovers what was published meanwhile.
 */
export class Channel<Data, Input = Data> implements AsyncIterable<Message<Data>> {
  readonly name: string;
  readonly #sdk: Centrifuge;
  readonly #connection: ConnectOptions;
  readonly #calls: CallGate;
  readonly #isGone: () => boolean;
  readonly #tellUnsubscribed: () => void;
  readonly #onEnd: () => void;
  readonly #options: ChannelOptions;
  readonly #listeners = new Listeners<ChannelEvents<Data>>();
  readonly #readers = new Set<MessageReader<Message<Data>>>();
  #subscription: Subscription | undefined;
  /** Joins and leaves are wanted even when nobody listens. */
  #alwaysJoinLeave = false;
  /** What the subscription asked for when it was made, and asks for at each reconnect. */
  #asksJoinLeave = false;
  /** What the server was told last. */
  #hasJoinLeave = false;
  /** Telling the server that it has changed. */
  #telling: Promise<void> | undefined;
  /** What is published while it is away can be had back. */
  #isRecoverable = false;
  /** Why the server refused or ended the subscription, or the connection, until the next attempt. */
  #endedBy: ClientError | undefined;
  /** It ended with the connection, and is taken up again with it. */
  #isAway = false;
  #numReturns = 0;
  #uses = 0;
  #settling = false;
  #ended = false;

  /** Made by `client.channel()`. */
  constructor(parts: {
    readonly name: string;
    readonly sdk: Centrifuge;
    readonly options: ChannelOptions;
    readonly connection: ConnectOptions;
    readonly calls: CallGate;
    /** The connection does not come back by itself. */
    readonly isGone: () => boolean;
    /** It is not subscribed any more. */
    readonly onUnsubscribed: () => void;
    readonly onEnd: () => void;
  }) {
    this.name = parts.name;
    this.#sdk = parts.sdk;
    this.#options = parts.options;
    this.#connection = parts.connection;
    this.#calls = parts.calls;
    this.#isGone = parts.isGone;
    this.#tellUnsubscribed = parts.onUnsubscribed;
    this.#onEnd = parts.onEnd;
    this.#goAwayIfRefused();
  }

  get state(): ChannelState {
    if (this.#ended || this.#isAway) return 'unsubscribed';
    return this.#subscription === undefined ? 'subscribing' : `${this.#subscription.state}`;
  }

  /** It would miss what is published while the connection is made anew. */
  get wouldMiss(): boolean {
    return this.state === 'subscribed' && !this.#isRecoverable && this.#options.mayMiss !== true;
  }

  /** How often it had to subscribe again. */
  get numReturns(): number {
    return this.#numReturns;
  }

  /**
   * Whether a call was refused only because it came to the server between two subscriptions: after it has taken back the
   * one (2500), and before this side knew.
   */
  isOutdated(error: unknown, numReturns: number | undefined): boolean {
    const isBetween = numReturns !== this.#numReturns && this.state !== 'unsubscribed';
    return isBetween && toClientError(error).code === 'ERR_PERMISSION_DENIED';
  }

  /** Why it is not subscribed and does not come back by itself: refused or ended by the server, or the connection was. */
  get error(): ClientError | undefined {
    return this.#endedBy;
  }

  /**
   * Listens. Listeners for `join` or `leave` make the subscription ask for them; it goes on as it is.
   *
   * @returns a function that stops listening
   * @example
   * const stop = room.on('message', ({ data }) => show(data.text));
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
   * The messages from now on. A loop ends at once when the channel is closed, and when the server ends the subscription;
   * it throws the refusal when the server refuses one, why the connection has ended, and `ERR_BUFFER_OVERFLOW`, after
   * what is buffered, when it is too slow.
   * A gap after a reconnect is told by the event of that name only.
   */
  [Symbol.asyncIterator](): MessageReader<Message<Data>> {
    const reader = new MessageReader<Message<Data>>(
      this.#options.maxBuffered ?? defaultMaxBuffered,
      () => this.#readers.delete(reader),
      () => this.#uses === 0,
    );
    if (this.#ended) reader.end();
    else if (this.state === 'unsubscribed') reader.end(this.#endedBy);
    else this.#readers.add(reader);
    return reader;
  }

  /**
   * Publishes, once subscribed. Resolves when the server has acknowledged it.
   *
   * @throws ClientError `ERR_PERMISSION_DENIED`, `ERR_BAD_REQUEST` for what the schema refuses, `ERR_TIMEOUT`,
   *   `ERR_CONNECTION`, `ERR_DISCONNECTED`, `ERR_UNSUBSCRIBED`, `ERR_CLOSED`, or why the subscription was refused
   */
  async publish(data: Input): Promise<void> {
    await this.#call((subscription) => subscription.publish(data));
  }

  /** Reads kept messages, oldest first. Throws as {@link publish} does, `ERR_NOT_AVAILABLE` and `ERR_UNRECOVERABLE`. */
  async history(options: HistoryOptions = {}): Promise<HistoryResult<Data>> {
    const { limit = defaultHistoryLimit, since, reverse = false } = options;
    const { publications, offset, epoch } = await this.#call((subscription) =>
      subscription.history({ limit, reverse, ...defined({ since }) }),
    );
    return { messages: publications.map((publication) => toMessage<Data>(publication)), offset, epoch };
  }

  /** Who is there now. Throws as {@link publish} does, and `ERR_NOT_AVAILABLE`. */
  async presence(): Promise<Member[]> {
    // The list and the joins that are wanted with it leave no gap between them.
    const { clients } = await this.#call((subscription) => this.#told().then(() => subscription.presence()));
    return Object.values(clients).map(toMember);
  }

  /** How many are there now. Throws as {@link presence} does. */
  presenceStats(): Promise<PresenceStats> {
    return this.#call((subscription) => subscription.presenceStats());
  }

  /** Resolves once subscribed. Throws why the subscription was refused, or `ERR_TIMEOUT`; 0: waits for ever. */
  ready(timeoutMs = 0): Promise<void> {
    return this.#attempt((subscription) => this.#calls.waitFor(() => subscription.ready(timeoutMs)));
  }

  /**
   * Asks again after the server has refused or ended the subscription. After the end of the connection that happens with
   * `client.connect()`.
   */
  subscribe(): void {
    if (this.#ended || this.#goAwayIfRefused()) return;
    this.#endedBy = undefined;
    this.#opened().subscribe();
  }

  /**
   * Gives up one use of the channel: `client.channel()` counts them. With the last one it unsubscribes, and nothing more is
   * told of what was published.
   */
  close(): void {
    if (this.#uses === 0) return;
    this.#uses -= 1;
    this.#settleSoon();
  }

  /** Counts one more use; `client.channel()` calls it. */
  retain(options: ChannelOptions): void {
    this.#uses += 1;
    if (options.joinLeave === true) this.#alwaysJoinLeave = true;
    this.#settleSoon();
  }

  /** Unsubscribes whoever uses it; `client.close()` calls it. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    if (this.#subscription !== undefined) this.#sdk.removeSubscription(this.#subscription);
    this.#endReaders();
    this.#listeners.clear();
  }

  /**
   * The connection is gone for good; the client calls it. Nobody shall wait for messages that do not come.
   *
   * @returns tells the listeners and readers
   */
  disconnected(error: ClientError, cause: Cause): () => void {
    if (this.state === 'unsubscribed') return () => {};
    this.#isAway = true;
    this.#endedBy = error;
    // It keeps its position. What waits for it in the SDK ends, so that it is not done later.
    this.#subscription?.unsubscribe();
    return () => {
      if (this.#endedBy !== error) return;
      this.#listeners.emit('unsubscribed', { ...cause, error });
      this.#endReaders(error);
    };
  }

  /** The client connects again, and calls it. */
  reconnecting(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#endedBy = undefined;
    if (this.#subscription === undefined) this.#settleSoon();
    else this.#subscription.subscribe();
  }

  /** Whether there is no connection to subscribe by. */
  #goAwayIfRefused(): boolean {
    const { refusal } = this.#calls;
    if (refusal === undefined) return false;
    this.#isAway = true;
    this.#endedBy = refusal;
    return true;
  }

  get #wantsJoinLeave(): boolean {
    return this.#alwaysJoinLeave || this.#listeners.has('join') || this.#listeners.has('leave');
  }

  /** A component that unmounts and mounts again in one turn, as React's StrictMode does, changes nothing. */
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
      void this.#told();
    }
  }

  /** Resolves when the server knows whether joins and leaves are wanted. One at a time: over HTTP they may overtake. */
  #told(): Promise<void> {
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = undefined;
    });
    return this.#telling;
  }

  async #tell(): Promise<void> {
    while (this.#subscription?.state === 'subscribed' && this.#hasJoinLeave !== this.#wantsJoinLeave) {
      const joinLeave = this.#wantsJoinLeave;
      this.#hasJoinLeave = joinLeave;
      try {
        await this.#calls.waitFor(() => this.#sdk.rpc(joinLeaveProcedure, { channel: this.name, joinLeave }));
      } catch (error) {
        // With the next subscription it is told again.
        if (!toClientError(error).retryable) this.#listeners.emit('error', toClientError(error));
      }
    }
  }

  #opened(): Subscription {
    this.#subscription ??= this.#open();
    return this.#subscription;
  }

  #open(): Subscription {
    const { data } = this.#options;
    this.#asksJoinLeave = this.#wantsJoinLeave;
    const subscription = this.#sdk.newSubscription(this.name, {
      joinLeave: this.#asksJoinLeave,
      ...defined({ data }),
      ...subscriptionOptions(this.#connection, this.name),
    });
    this.#subscription = subscription;
    subscription.on('subscribing', ({ code, reason }) => {
      this.#numReturns++;
      if (!this.#isGone()) this.#listeners.emit('subscribing', { code, reason });
    });
    subscription.on('subscribed', this.#onSubscribed);
    subscription.on('unsubscribed', this.#onUnsubscribed);
    subscription.on('publication', (publication) => this.#onMessage(toMessage<Data>(publication)));
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
    // Before anything that listeners ask for.
    this.#hasJoinLeave = this.#asksJoinLeave;
    void this.#told();
    const position = streamPosition === undefined ? {} : { position: streamPosition };
    this.#listeners.emit('subscribed', { wasRecovering, recovered, ...position, ...defined({ data }) });
    if (wasRecovering && !recovered) this.#listeners.emit('gap', position);
  };

  readonly #onUnsubscribed = ({ code, reason }: UnsubscribedContext) => {
    this.#tellUnsubscribed();
    if (this.#isAway) return;
    if (code >= firstRefusal) this.#endedBy = endedBy(code, reason);
    else if (code === 1) this.#endedBy = new ClientError('ERR_UNAUTHORIZED', reason, { protocolCode: code });
    this.#listeners.emit('unsubscribed', { code, reason, ...(this.#endedBy && { error: this.#endedBy }) });
    this.#endReaders(code < 2_000 ? this.#endedBy : undefined);
  };

  #onMessage(message: Message<Data>): void {
    if (this.#isLeft()) return;
    for (const reader of this.#readers) reader.push(message);
    this.#listeners.emit('message', message);
  }

  /** Whoever has closed it is told nothing more. With that it is settled: what was missed now can not be had back. */
  #isLeft(): boolean {
    if (this.#uses === 0) this.end();
    return this.#ended;
  }

  #endReaders(error?: ClientError): void {
    for (const reader of [...this.#readers]) reader.end(error);
  }

  /** What was refused to somebody who is not in the channel any more is asked again from the subscription that follows. */
  #call<Result>(run: (subscription: Subscription) => Promise<Result>): Promise<Result> {
    return this.#attempt(async (subscription) => {
      for (;;) {
        const numReturns = this.#numReturns;
        try {
          return await this.#calls.run(() => run(subscription));
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
