/** One connection to a Fanfare server, with channels and procedures typed by the server's declarations. */

import { Centrifuge } from 'centrifuge';
import { defined } from '../model/defined.js';
import type { AnyApp, ArgumentsOf, DataOf, InputOf, KnownChannel, KnownProcedure, ResultOf } from './app-types.js';
import { CallGate } from './call-gate.js';
import { Channel } from './channel.js';
import type { Cause, ChannelOptions } from './channel-events.js';
import { ClientError, toClientError } from './client-error.js';
import type { ConnectOptions } from './connect-options.js';
import { Listeners } from './listeners.js';
import { type Message, toMessage } from './message.js';
import { withoutNodeStorage } from './quiet-storage.js';
import { connectionOptions } from './sdk-options.js';
import { TransportChoice } from './transport-choice.js';
import type { TransportName } from './transport-name.js';

/** Codes of errors from here on are the server's; below they are the SDK's. */
const firstServerCode = 100;

/** `connecting` covers the first attempt and every way back. */
export type ConnectionState = 'connecting' | 'connected' | 'disconnected';

/** The state of a connection and how it came to it; a new object at each change. */
export interface ConnectionStatus {
  readonly state: ConnectionState;
  /** Unix time in milliseconds. */
  readonly sinceMs: number;
  /** It was connected before and is on the way back. */
  readonly isReconnecting: boolean;
  /** Why it is not connected, once there is a reason: of several attempts that failed, the latest. */
  readonly cause?: Cause;
}

export interface ConnectedEvent {
  /** Id of this connection; another one after each reconnect. */
  readonly client: string;
  /** By what it is connected. */
  readonly transport: TransportName;
  /** What the server's auth function handed over. */
  readonly data?: unknown;
}

export interface ClientEvents {
  connecting: Cause;
  connected: ConnectedEvent;
  /** It does not come back by itself: this side closed, or the server sent it away for good. */
  disconnected: Cause;
  /** The server sent something to this user outside any channel. */
  message: { readonly data: unknown };
  /** From a channel that the server put this connection into without its asking. */
  publication: Message<unknown> & { readonly channel: string };
  /** Something failed that is being tried again, such as an attempt to connect. */
  error: ClientError;
}

export class Client<App extends AnyApp = AnyApp> {
  readonly #sdk: Centrifuge;
  readonly #options: ConnectOptions;
  readonly #choice: TransportChoice;
  readonly #calls = new CallGate();
  readonly #listeners = new Listeners<ClientEvents>();
  readonly #channels = new Map<string, Channel<unknown, unknown>>();
  #waitsForUse: boolean;
  #status: ConnectionStatus = { state: 'disconnected', sinceMs: Date.now(), isReconnecting: false };
  #wasConnected = false;
  /** It passes, and is for the next connection. */
  #hasBetterTransport = false;
  #isChangingTransport = false;
  /** Channels that the server put this connection into, and of which nothing can be recovered. */
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
    this.#sdk = withoutNodeStorage(() => new Centrifuge([this.#choice.entry], sdkOptions));
    this.#choice.watch(this.#sdk);
    this.#listen();
    this.#waitsForUse = lazy;
    if (!lazy) this.#sdk.connect();
  }

  get state(): ConnectionState {
    return this.#status.state;
  }

  /** By what it is connected; `undefined` while it is not. */
  get transport(): TransportName | undefined {
    return this.#choice.connectedBy;
  }

  /** The state with its history, as one immutable object. */
  get status(): ConnectionStatus {
    return this.#status;
  }

  /**
   * Listens.
   *
   * @returns a function that stops listening
   */
  on<Event extends keyof ClientEvents>(event: Event, listener: (payload: ClientEvents[Event]) => void): () => void {
    return this.#listeners.add(event, listener);
  }

  /**
   * A channel, subscribed. Called again with the same name it gives the same object, whose `close()` then has to be
   * called as often. Options count when they come with the first call; `joinLeave` at any time.
   *
   * @throws ClientError `ERR_CLOSED`
   * @example
   * const room = client.channel('chat:lobby');
   * room.on('message', ({ data }) => show(data.text));
   */
  channel<const Name extends string>(
    name: KnownChannel<App, Name>,
    options: ChannelOptions = {},
  ): Channel<DataOf<App, Name>, InputOf<App, Name>> {
    this.#use();
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = new Channel<unknown, unknown>({
        name,
        sdk: this.#sdk,
        options,
        connection: this.#options,
        calls: this.#calls,
        isGone: () => this.#sdk.state === 'disconnected' && !this.#isChangingTransport,
        onUnsubscribed: () => this.#changeTransportSoon(),
        onEnd: () => this.#channels.delete(name),
      });
      this.#channels.set(name, channel);
    }
    channel.retain(options);
    // safe: the name decides both types, and the server checks them
    return channel as unknown as Channel<DataOf<App, Name>, InputOf<App, Name>>;
  }

  /**
   * Publishes without subscribing. Resolves when the server has acknowledged it. What is refused only because the server has
   * taken back the subscription of an open channel of that name is published by the one that follows.
   *
   * @throws ClientError `ERR_PERMISSION_DENIED`, `ERR_BAD_REQUEST`, `ERR_UNKNOWN_CHANNEL`, `ERR_TIMEOUT`,
   *   `ERR_CONNECTION`, `ERR_DISCONNECTED`, `ERR_CLOSED`
   */
  async publish<const Name extends string>(name: KnownChannel<App, Name>, data: InputOf<App, Name>): Promise<void> {
    const channel = this.#channels.get(name);
    const numReturns = channel?.numReturns;
    try {
      await this.#call(() => this.#sdk.publish(name, data));
    } catch (error) {
      if (channel === undefined || !channel.isOutdated(error, numReturns)) throw error;
      await channel.publish(data);
    }
  }

  /**
   * Calls a procedure of the server's.
   *
   * @throws ClientError `ERR_UNKNOWN_PROCEDURE`, `ERR_BAD_REQUEST`, `ERR_PERMISSION_DENIED`, `ERR_INTERNAL` for what
   *   the procedure throws, `ERR_TIMEOUT`, `ERR_CONNECTION`, `ERR_DISCONNECTED`, `ERR_CLOSED`
   * @example
   * const sum = await client.rpc('add', { a: 1, b: 2 });
   */
  async rpc<const Name extends string>(
    name: KnownProcedure<App, Name>,
    ...[argument]: ArgumentsOf<App, Name>
  ): Promise<ResultOf<App, Name>> {
    const { data } = await this.#call(() => this.#sdk.rpc(name, argument));
    // safe: the procedure of this name answers with this type
    return data as ResultOf<App, Name>;
  }

  /** Sends a message outside any channel. Resolves when it is on its way. */
  async send(data: unknown): Promise<void> {
    await this.#call(() => this.#sdk.send(data));
  }

  /** Resolves once connected. Throws `ERR_DISCONNECTED`, or `ERR_TIMEOUT`; 0: waits for ever. */
  async ready(timeoutMs = 0): Promise<void> {
    await this.#attempt(() => this.#calls.waitFor(() => this.#sdk.ready(timeoutMs)));
  }

  /**
   * Connects again after the server has sent this client away, and takes up the channels that ended with the connection,
   * from where they were. Throws `ERR_CLOSED` after `close()`.
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
      // It connects again in the same breath.
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

  /** First everything ends, then it is told: a listener sees no channel that is still waiting. */
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
   * Recovers as after a lost connection, but does not wait. Where that would lose messages it goes on as it is, until such
   * channels are left or the connection ends by itself.
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

/** Why it is still not connected. Numbers from 100 are the server's, whose text says it all. */
function causeOfFailure(type: string, { code, message }: { readonly code: number; readonly message: string }): Cause {
  const what =
    type === 'transport' || type === 'connect' ? 'the server is not reached' : 'no token or data to connect with';
  return { code, reason: code < firstServerCode ? `${what}: ${message}` : message };
}
