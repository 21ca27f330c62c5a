/**
 * One connection to a Fanfare server, with channels and procedures typed by the server's declarations. One class, since all
 * its methods share the one connection of the SDK and its state.
 */

import { Centrifuge, type MapSubscriptionOptions, type Subscription, type SubscriptionOptions } from 'centrifuge';
import { defined } from '../model/defined.js';
import type {
  AnyApp,
  ArgumentsOf,
  DataOf,
  InputOf,
  KnownChannel,
  KnownProcedure,
  OptionsOf,
  ResultOf,
} from './app-types.js';
import { CallGate } from './call-gate.js';
import { Channel } from './channel.js';
import type { Cause, ChannelOptions } from './channel-events.js';
import { ChannelMap, type MapOptions, messageOf, type PresenceMap, presentOf, type ValueOf } from './channel-map.js';
import { ClientError, toClientError } from './client-error.js';
import { systemPorts } from './client-ports.js';
import type { ConnectOptions } from './connect-options.js';
import { Listeners } from './listeners.js';
import { type Message, type StreamPosition, toMessage, toSent } from './message.js';
import { askForPositions, positionOf } from './publish-position.js';
import { withoutNodeStorage } from './quiet-storage.js';
import { askForPages } from './recovery-pages.js';
import { connectionOptions, withRate } from './sdk-options.js';
import { TransportChoice } from './transport-choice.js';
import type { TransportName } from './transport-name.js';

/** Error codes from here on are the server's, lower ones the SDK's. */
const firstServerCode = 100;

/** `connecting` covers the first attempt and every reconnect. */
export type ConnectionState = 'connecting' | 'connected' | 'disconnected';

/** The state of a connection and its cause; a new object at each change. */
export interface ConnectionStatus {
  /** Whether there is a connection. */
  readonly state: ConnectionState;
  /** Unix time in milliseconds. */
  readonly sinceMs: number;
  /** It was connected before and is reconnecting. */
  readonly isReconnecting: boolean;
  /** Why it is not connected: the reason of the latest failed attempt, if there is one. */
  readonly cause?: Cause;
}

/** What a connection has begun with. */
export interface ConnectedEvent {
  /** Id of this connection; another one after each reconnect. */
  readonly client: string;
  /** The transport of the connection. */
  readonly transport: TransportName;
  /** Data from the server's auth function. */
  readonly data?: unknown;
}

/** What listeners of a client are called with. */
export interface ClientEvents {
  /** The first attempt begins, or a reconnect, with its cause. */
  connecting: Cause;
  /** The connection is there. */
  connected: ConnectedEvent;
  /** It does not reconnect by itself: the client was closed, or the server closed the connection for good. */
  disconnected: Cause;
  /** The server sent something to this user outside any channel. */
  message: { readonly data: unknown };
  /** From a channel that the server subscribed this connection to. */
  publication: Message<unknown> & { readonly channel: string };
  /** Something failed and is being tried again, such as an attempt to connect. */
  error: ClientError;
}

/**
 * One connection to a server, as {@link connect} returns it: channels, maps, procedures. It reconnects by itself.
 *
 * @example
 * const stop = client.on('disconnected', ({ reason }) => show(reason));
 * await client.ready();
 * await client.publish('chat:lobby', { text: 'hello' });
 * await client.send({ seen: 17 });
 * if (client.state === 'disconnected') client.connect();
 * stop();
 * client.close();
 */
export class Client<App extends AnyApp = AnyApp> {
  readonly #sdk: Centrifuge;
  readonly #options: ConnectOptions;
  readonly #choice: TransportChoice;
  readonly #calls = new CallGate(systemPorts.clock);
  readonly #listeners = new Listeners<ClientEvents>();
  readonly #channels = new Map<string, Channel<unknown, unknown>>();
  /** Each with its channel above. */
  readonly #maps = new Map<string, ChannelMap<unknown, unknown>>();
  #waitsForUse: boolean;
  #status: ConnectionStatus = { state: 'disconnected', sinceMs: Date.now(), isReconnecting: false };
  #wasConnected = false;
  /** A better transport works, and is for the next connection. */
  #hasBetterTransport = false;
  #isChangingTransport = false;
  /** Server-side subscriptions without recovery. */
  readonly #unrecoverable = new Set<string>();
  #closed = false;

  /** Made by `connect()`. */
  constructor(url: string | URL, options: ConnectOptions) {
    const { lazy = false } = options;
    this.#options = options;
    this.#choice = new TransportChoice(url, options, () => {
      this.#hasBetterTransport = true;
      this.#changeTransportSoon();
    });
    const sdkOptions = { ...connectionOptions(options), ...this.#choice.options };
    const { entry } = this.#choice;
    this.#sdk = withoutNodeStorage(
      () => options.codec?.newSdk(entry, sdkOptions) ?? new Centrifuge([entry], sdkOptions),
    );
    askForPages(this.#sdk);
    askForPositions(this.#sdk);
    options.dictionary?.install(
      this.#sdk,
      () => entry.transport,
      (why) => this.#listeners.emit('error', new ClientError('ERR_DICTIONARY', why)),
    );
    this.#choice.watch(this.#sdk);
    this.#listen();
    this.#waitsForUse = lazy;
    if (!lazy) this.#sdk.connect();
  }

  /** Whether there is a connection. */
  get state(): ConnectionState {
    return this.#status.state;
  }

  /** The transport of the connection; `undefined` while there is none. */
  get transport(): TransportName | undefined {
    return this.#choice.connectedBy;
  }

  /** The state, its time and its cause, as one immutable object. */
  get status(): ConnectionStatus {
    return this.#status;
  }

  /**
   * Adds a listener.
   *
   * @returns a function that stops listening
   */
  on<Event extends keyof ClientEvents>(event: Event, listener: (payload: ClientEvents[Event]) => void): () => void {
    return this.#listeners.add(event, listener);
  }

  /**
   * A channel, which subscribes. Further calls with the same name return the same object, whose `close()` then has to
   * be called as often. Options apply in the first call only, `joinLeave` and `bytes` in any, `delta` in those before it
   * subscribes.
   *
   * @throws ClientError `ERR_CLOSED`; `ERR_CONFIG` while it is open with another `filter`, or for a wrong `maxRate`
   * @example const room = client.channel('chat:lobby'); room.on('message', ({ data }) => show(data));
   */
  channel<const Name extends string>(
    name: KnownChannel<App, Name>,
    ...[options = {}]: OptionsOf<App, Name>
  ): Channel<DataOf<App, Name>, InputOf<App, Name>> {
    this.#use();
    if (this.#maps.has(name)) throw new ClientError('ERR_CONFIG', `"${name}" is open as a map`);
    const known = this.#usedChannel(name, options);
    if (known?.isFilteredBy(options.filter) === false) {
      throw new ClientError('ERR_CONFIG', `"${name}" is open with another filter`);
    }
    const channel = known ?? this.#newChannel(name, options);
    channel.retain(options);
    // safe: the name decides both types, and the server checks them
    return channel as unknown as Channel<DataOf<App, Name>, InputOf<App, Name>>;
  }

  /**
   * A map, which subscribes: a channel whose rule has `map`. Counted as {@link channel} counts.
   *
   * @throws ClientError `ERR_CLOSED`, `ERR_CONFIG` if it is open as a channel of messages
   * @example const scores = client.map('match:1'); scores.onKey('ann', (score) => show(score));
   */
  map<const Name extends string>(
    name: KnownChannel<App, Name>,
    options: MapOptions = {},
  ): ChannelMap<DataOf<App, Name>, InputOf<App, Name>> {
    // safe: the name decides both types, and the server checks them
    return this.#openMap(name, options, messageOf) as unknown as ChannelMap<DataOf<App, Name>, InputOf<App, Name>>;
  }

  /**
   * Who is in a channel, as a map that the server keeps: a channel whose rule has `map.presence`. Counted as
   * {@link channel} counts. Throws as {@link map}.
   *
   * @example const here = client.presenceMap('here:room:1'); here.on('change', () => show([...here.values()]));
   */
  presenceMap<const Name extends string>(name: KnownChannel<App, Name>, options: MapOptions = {}): PresenceMap {
    // safe: it is opened with values of this kind
    return this.#openMap(name, options, presentOf) as unknown as PresenceMap;
  }

  #openMap(name: string, options: MapOptions, toValue: ValueOf<unknown>): ChannelMap<unknown, unknown> {
    this.#use();
    this.#usedChannel(name, options);
    let map = this.#maps.get(name);
    if (map === undefined) {
      if (this.#channels.has(name)) throw new ClientError('ERR_CONFIG', `"${name}" is open as a channel of messages`);
      const channel = this.#newChannel(name, options, (sdkOptions) => {
        // safe: of the options that both kinds of subscriptions have, none is null
        const mapOptions = { ...sdkOptions, ...defined({ pageSize: options.pageSize }) } as MapSubscriptionOptions;
        const subscription = this.#sdk.newMapSubscription(name, mapOptions);
        made.listenTo(subscription);
        // safe: a channel uses what both kinds of subscriptions have, unless its user publishes or reads a history
        return subscription as unknown as Subscription;
      });
      const made = new ChannelMap<unknown, unknown>(channel, toValue);
      map = made;
      this.#maps.set(name, map);
    }
    this.#channels.get(name)?.retain(options);
    return map;
  }

  /** One of that name. Without any user it ends at once if it was opened with another filter or rate. */
  #usedChannel(name: string, options: ChannelOptions): Channel<unknown, unknown> | undefined {
    const known = this.#channels.get(name);
    if (known?.isUnused && !known.isAsFor(options)) known.end();
    return this.#channels.get(name);
  }

  #newChannel(
    name: string,
    options: ChannelOptions,
    make?: (options: SubscriptionOptions) => Subscription,
  ): Channel<unknown, unknown> {
    if (options.maxRate !== undefined) withRate(options.data, options.maxRate);
    const channel = new Channel<unknown, unknown>({
      name,
      sdk: this.#sdk,
      options,
      connection: this.#options,
      calls: this.#calls,
      isGone: () => this.#sdk.state === 'disconnected' && !this.#isChangingTransport,
      onUnsubscribed: () => this.#changeTransportSoon(),
      onEnd: () => {
        this.#channels.delete(name);
        this.#maps.delete(name);
      },
      ...defined({ make }),
    });
    this.#channels.set(name, channel);
    return channel;
  }

  /**
   * Publishes without subscribing. Resolves when the server has acknowledged it, with its position as
   * {@link Channel.publish} does. A publication that is refused only
   * because the server has just ended the subscription of an open channel of that name is made again in the next
   * subscription.
   *
   * @throws ClientError `ERR_PERMISSION_DENIED`, `ERR_BAD_REQUEST`, `ERR_UNKNOWN_CHANNEL`, `ERR_TIMEOUT`,
   *   `ERR_CONNECTION`, `ERR_DISCONNECTED`, `ERR_CLOSED`
   */
  async publish<const Name extends string>(
    name: KnownChannel<App, Name>,
    data: InputOf<App, Name>,
  ): Promise<StreamPosition | undefined> {
    const channel = this.#channels.get(name);
    const numReturns = channel?.numReturns;
    try {
      return positionOf(await this.#call(() => this.#sdk.publish(name, toSent(data))));
    } catch (error) {
      if (channel === undefined || !channel.isOutdated(error, numReturns)) throw error;
      return channel.publish(data);
    }
  }

  /**
   * Calls a procedure of the server.
   *
   * @throws ClientError `ERR_UNKNOWN_PROCEDURE`, `ERR_BAD_REQUEST`, `ERR_PERMISSION_DENIED`, `ERR_INTERNAL` for what
   *   the procedure throws, `ERR_TIMEOUT`, `ERR_CONNECTION`, `ERR_DISCONNECTED`, `ERR_CLOSED`
   * @example const sum = await client.rpc('add', { a: 1, b: 2 });
   */
  async rpc<const Name extends string>(
    name: KnownProcedure<App, Name>,
    ...[argument]: ArgumentsOf<App, Name>
  ): Promise<ResultOf<App, Name>> {
    const { data } = await this.#call(() => this.#sdk.rpc(name, argument));
    // safe: the procedure of this name has this result type
    return data as ResultOf<App, Name>;
  }

  /**
   * Sends a message outside any channel. Resolves when it has been sent.
   *
   * @throws ClientError `ERR_TIMEOUT`, `ERR_CONNECTION`, `ERR_DISCONNECTED`, `ERR_CLOSED`
   */
  async send(data: unknown): Promise<void> {
    await this.#call(() => this.#sdk.send(data));
  }

  /** Resolves once connected. Throws `ERR_DISCONNECTED`, or `ERR_TIMEOUT`; 0 waits for ever. */
  async ready(timeoutMs = 0): Promise<void> {
    await this.#attempt(() => this.#calls.waitFor(() => this.#sdk.ready(timeoutMs)));
  }

  /**
   * Connects again after the server has closed the connection for good, and resumes the channels that ended with it
   * from their positions. Throws `ERR_CLOSED` after `close()`.
   */
  connect(): void {
    this.#throwIfClosed();
    this.#waitsForUse = false;
    this.#calls.open();
    this.#sdk.connect();
    for (const channel of this.#channels.values()) channel.reconnecting();
  }

  /** Closes the connection and all channels for good. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#calls.shut(closedError);
    for (const channel of [...this.#channels.values()]) channel.end();
    this.#choice.close();
    this.#sdk.disconnect();
    this.#listeners.clear();
  }

  #listen(): void {
    this.#sdk.on('connecting', ({ code, reason: given }) => {
      const reason = this.#isChangingTransport ? 'a better transport passes again' : given;
      this.#enter('connecting', { code, reason });
      this.#listeners.emit('connecting', { code, reason });
    });
    this.#sdk.on('connected', ({ client, data }) => {
      this.#hasBetterTransport = false;
      this.#enter('connected');
      const { transport = 'websocket' } = this;
      this.#listeners.emit('connected', { client, transport, ...defined({ data }) });
    });
    this.#sdk.on('disconnected', ({ code, reason }) => {
      // It connects again in the same turn.
      if (this.#isChangingTransport) return;
      this.#enter('disconnected', { code, reason });
      if (!this.#closed) this.#endAll({ code, reason });
      // A listener may have called `connect()`.
      if (this.state === 'disconnected') this.#listeners.emit('disconnected', { code, reason });
    });
    this.#sdk.on('subscribed', ({ channel, recoverable }) => {
      if (recoverable) this.#unrecoverable.delete(channel);
      else this.#unrecoverable.add(channel);
    });
    this.#sdk.on('unsubscribed', ({ channel }) => {
      this.#unrecoverable.delete(channel);
      this.#changeTransportSoon();
    });
    this.#sdk.on('message', ({ data }) => this.#listeners.emit('message', { data }));
    this.#sdk.on('publication', (publication) => {
      this.#listeners.emit('publication', { ...toMessage<unknown>(publication), channel: publication.channel });
    });
    this.#sdk.on('error', ({ type, error }) => {
      if (this.state === 'connecting') this.#status = { ...this.#status, cause: causeOfFailure(type, error) };
      this.#listeners.emit('error', toClientError(error));
    });
  }

  /** Ends everything before it notifies listeners, so that none sees a channel that is still waiting. */
  #endAll(cause: Cause): void {
    const makeError = () => new ClientError('ERR_DISCONNECTED', cause.reason, { protocolCode: cause.code, cause });
    this.#calls.shut(makeError);
    const tell = [...this.#channels.values()].map((channel) => channel.disconnected(makeError(), cause));
    for (const tellOne of tell) tellOne();
  }

  #changeTransportSoon(): void {
    if (this.#hasBetterTransport) this.#calls.whenQuiet(() => this.#changeTransport());
  }

  /**
   * Reconnects at once and recovers as after a lost connection. If that would lose messages, it waits until such
   * channels are closed or the connection ends by itself.
   */
  #changeTransport(): void {
    const wouldMiss = this.#unrecoverable.size > 0 || [...this.#channels.values()].some((channel) => channel.wouldMiss);
    if (this.#sdk.state !== 'connected' || wouldMiss) return;
    this.#isChangingTransport = true;
    this.#sdk.disconnect();
    this.#sdk.connect();
    this.#isChangingTransport = false;
  }

  #enter(state: ConnectionState, cause?: Cause): void {
    const isReconnecting = state === 'connecting' && this.#wasConnected;
    this.#wasConnected = state === 'connected' || isReconnecting;
    this.#status = { state, sinceMs: Date.now(), isReconnecting, ...(cause && { cause }) };
  }

  #use(): void {
    this.#throwIfClosed();
    if (this.#waitsForUse) this.connect();
  }

  #throwIfClosed(): void {
    if (this.#closed) throw closedError();
  }

  #call<Result>(run: () => Promise<Result>): Promise<Result> {
    return this.#attempt(() => this.#calls.run(run));
  }

  async #attempt<Result>(run: () => Promise<Result>): Promise<Result> {
    this.#use();
    try {
      return await run();
    } catch (error) {
      throw toClientError(error);
    }
  }
}

function closedError(): ClientError {
  return new ClientError('ERR_CLOSED', 'the client is closed');
}

/** Why it is still not connected. Numbers from 100 are the server's, whose text is enough. */
function causeOfFailure(type: string, { code, message }: { readonly code: number; readonly message: string }): Cause {
  const what =
    type === 'transport' || type === 'connect' ? 'the server is not reached' : 'no token or data to connect with';
  return { code, reason: code < firstServerCode ? `${what}: ${message}` : message };
}
