/**
 * The running application: the program's interface to its Fanfare node. Long, since its methods are that interface, and each
 * is little more than its description.
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AsyncApiDocument } from '../asyncapi/document.js';
import type { SpecOptions } from '../asyncapi/options.js';
import type {
  ChannelNameOf,
  ChannelSchemas,
  MessageInputOf,
  MessageOf,
  ProcedureTable,
} from '../engine/channels/channel-types.js';
import { grantOf } from '../engine/channels/grant.js';
import { encodeData, encodeMessage } from '../engine/channels/publishing.js';
import type { NodeSummary } from '../engine/cluster/messages.js';
import type { ChannelSummary, ClientSelector } from '../engine/operations/clients.js';
import type { Operations, PublishRequestOptions } from '../engine/operations/operations.js';
import type { HistoryQuery, PresenceStats } from '../engine/ports/broker.js';
import { disconnectCodes } from '../model/codes.js';
import { defined } from '../model/defined.js';
import { payloadValue } from '../model/payload.js';
import type { Position } from '../model/position.js';
import type { SocketHooks } from '../transports/websocket/socket-hooks.js';
import type { AppEngine } from './app-engine.js';
import { appEngineKey } from './app-engine-key.js';
import { AppMap } from './app-map.js';
import { type AppStream, type OpenStreamOptions, openStream, type StreamSnapshot, toSnapshot } from './app-stream.js';
import {
  type Connections,
  type DisconnectOptions,
  type HistoryReadOptions,
  type HistoryResult,
  type Member,
  type PublishOptions,
  type RefreshOptions,
  type SubscribeOptions,
  type TicketOptions,
  toMember,
  toWatched,
  type WatchedMessage,
} from './app-types.js';
import { checkAttach, checkListen, checkServer } from './check-options.js';
import type { AttachOptions } from './deflate-options.js';
import type { HandedOver } from './handed-over.js';
import { checkFetch, checkHandover, type FetchOptions, type HandoverOptions } from './handover-options.js';
import type { ListenAddress } from './listener.js';
import type { AnyHttpServer, Certificate } from './own-server.js';
import type { CloseOptions, ListenOptions, Serving } from './serving.js';

const defaultCloseDeadlineMs = 25_000;
const defaultHistoryLimit = 100;

/** A name that one of the declared patterns matches. */
type Known<Channels extends ChannelSchemas, Name extends string> = ChannelNameOf<Channels, Name>;

/**
 * Methods that take a channel throw or reject with a `FanfareError`: `ERR_CHANNEL_NAME`, `ERR_UNKNOWN_CHANNEL`,
 * `ERR_NOT_AVAILABLE` for what its rule does not keep, `ERR_BROKER` when the broker cannot be reached.
 *
 * What is done with clients is done with those of all nodes: on this node before the method returns, on the others when
 * its promise resolves, which takes at most five seconds however many of them are dead. After these it rejects with
 * `ERR_BROKER` if this node itself is cut off from the broker: the others may not hear of it if this node ends. It rejects
 * with `ERR_CLOSED` if this node closes before they have answered.
 *
 * @example
 * const { url } = await app.listen(8000);
 * const { offset } = await app.publish('chat:lobby', { text: 'hello' }, { idempotencyKey: 'order-4711' });
 * const outcomes = await app.broadcast(['chat:lobby', 'chat:kitchen'], { text: 'dinner' });
 * const { publications } = await app.history('chat:lobby', { limit: 10, reverse: true });
 * await app.removeHistory('chat:lobby');
 * const members = await app.presence('chat:lobby');
 * const { numUsers } = await app.presenceStats('chat:lobby');
 * await app.close();
 * @example
 * await app.subscribe('42', 'chat:lobby');
 * await app.unsubscribe('42', 'chat:lobby');
 * await app.send('42', { notice: 'maintenance at noon' });
 * await app.refresh('42', { expiresAt: Date.now() / 1_000 + 3_600 });
 * await app.disconnect('42', { reconnect: true });
 * await app.revokeToken('token-17');
 * await app.revokeUserTokens('42');
 * await app.blockUser('42');
 * await app.unblockUser('42');
 * @example
 * const busy = (await app.channels('chat:*')).filter(({ numClients }) => numClients > 100);
 * const uptimes = (await app.info()).map(({ uptimeSec }) => uptimeSec);
 * const answer = await app.readStream('answers:42', 'answer-7');
 * await app.cancelStream('answers:42', 'answer-7');
 * app.setOrigins(['https://example.com']);
 * app.setCertificate({ key, cert });
 * const document = app.spec({ title: 'Chat' });
 * server.on('upgrade', (request, socket, head) => app.upgrade(request, socket, head));
 */
export class FanfareApp<Channels extends ChannelSchemas, Procedures extends ProcedureTable> {
  /** Carries the types to `connect<App>()`; has no value. */
  declare readonly types: { readonly channels: Channels; readonly procedures: Procedures };
  readonly #serving: Serving;
  readonly #handedOver: HandedOver;
  #operations: Operations;
  readonly #setOrigins: (origins: readonly string[] | '*' | undefined) => void;
  readonly #spec: (options: SpecOptions) => AsyncApiDocument;
  /** An `AppEngine`, for what runs it elsewhere, such as `fanfare/aws`. */
  readonly [appEngineKey]: unknown;

  /** Made by `fanfare()`. */
  constructor(parts: {
    readonly serving: Serving;
    readonly handedOver: HandedOver;
    readonly operations: Operations;
    readonly setOrigins: (origins: readonly string[] | '*' | undefined) => void;
    readonly spec: (options: SpecOptions) => AsyncApiDocument;
    readonly engine: Omit<AppEngine, 'use'>;
  }) {
    this.#serving = parts.serving;
    this.#handedOver = parts.handedOver;
    this.#operations = parts.operations;
    this.#setOrigins = parts.setOrigins;
    this.#spec = parts.spec;
    const engine: AppEngine = {
      ...parts.engine,
      use: (operations) => {
        this.#operations = operations;
      },
    };
    this[appEngineKey] = engine;
  }

  /** Number of connected clients on this node. */
  get numClients(): number {
    return this.#operations.numClients;
  }

  /** Whether {@link close} was called. */
  get isClosing(): boolean {
    return this.#serving.isClosing;
  }

  /**
   * Serves clients through the application's HTTP server: Express, Fastify, Hono, anything on `node:http`, `node:https`
   * or `node:http2`. Upgrades for other paths are left to other listeners.
   *
   * @example const server = createServer(express()); app.attach(server); server.listen(3000);
   */
  attach(server: AnyHttpServer, options: AttachOptions = {}): this {
    checkServer(server);
    checkAttach(options);
    this.#serving.attach(server, options);
    return this;
  }

  /**
   * Answers a client's request where a platform hands over a `Request` and takes a `Response`: HTTP streaming, server-sent
   * events and long polling. Their answers last: the platform has to pass them on as they come. 404 for other paths.
   * Instances share a broker, by which each passes on what is for a client of another one.
   *
   * @example export const GET = (request: Request) => app.fetch(request, { maxConnectionMs: 300_000 });
   */
  async fetch(request: Request, options: FetchOptions = {}): Promise<Response> {
    checkFetch(options);
    return this.#handedOver.fetch(request, options);
  }

  /**
   * Handles an upgrade where a platform hands over its request and socket, as the event `upgrade` of `node:http` does. One
   * for a path of nobody is answered with 404.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: HandoverOptions = {}): void {
    checkHandover('upgrade(request, socket, head, options)', options);
    this.#handedOver.upgrade(request, socket, head, options);
  }

  /**
   * Serves clients whose WebSockets a library holds, by the hooks of crossws, at the path where the library has them.
   *
   * @example export default defineWebSocketHandler(app.socketHooks({ maxConnectionMs: 300_000 }));
   */
  socketHooks(options: HandoverOptions = {}): SocketHooks {
    checkHandover('socketHooks(options)', options);
    return this.#handedOver.hooks(options);
  }

  /**
   * Opens its own server.
   *
   * @param port 0 picks a free one
   * @throws FanfareError `ERR_LISTEN`, `ERR_BROKER`, `ERR_CLOSED`
   */
  async listen(port = 8000, options: ListenOptions = {}): Promise<ListenAddress> {
    checkListen(port, options);
    return this.#serving.listen(port, options);
  }

  /**
   * Replaces the certificate of `listen`, for new connections.
   *
   * @throws FanfareError `ERR_CONFIG` when certificate and key do not go together; the old one stays in use
   */
  setCertificate(certificate: Certificate): void {
    this.#serving.setCertificate(certificate);
  }

  /**
   * Publishes to a channel. Resolves when the broker has acknowledged it.
   *
   * @throws FanfareError also `ERR_MESSAGE_INVALID`, `ERR_MESSAGE_TOO_LARGE`, `ERR_IDEMPOTENCY_KEY`, `ERR_CLOSED`, and
   *   `ERR_NOT_AVAILABLE` for a `version` that cannot be compared
   */
  async publish<const Name extends string>(
    channel: Known<Channels, Name>,
    data: MessageInputOf<Channels, Name>,
    options: PublishOptions = {},
  ): Promise<Position> {
    // At the call: afterwards the caller may change it.
    const payload = encodeData(data);
    await this.#serving.start();
    return (await this.#operations.publish(channel, payload, publishing(options))).position;
  }

  /** Publishes one message to several channels. One outcome each, in order; a failure stops no other. */
  async broadcast<const Name extends string>(
    channels: readonly Known<Channels, Name>[],
    data: MessageInputOf<Channels, Name>,
    options: PublishOptions = {},
  ): Promise<PromiseSettledResult<Position>[]> {
    const payload = encodeData(data);
    await this.#serving.start();
    const outcomes = await this.#operations.broadcast(channels, payload, publishing(options));
    return outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? { status: 'fulfilled', value: outcome.value.position } : outcome,
    );
  }

  /** Reads a channel's history. `ERR_UNRECOVERABLE` if publications after `since` are gone. */
  async history<const Name extends string>(
    channel: Known<Channels, Name>,
    options: HistoryReadOptions = {},
  ): Promise<HistoryResult<MessageOf<Channels, Name>>> {
    const { limit = defaultHistoryLimit, since, reverse = false } = options;
    const query: HistoryQuery = { limit, reverse, ...(since && { since }) };
    const page = await this.#operations.history(channel, query);
    const publications = page.publications.map(({ data, offset, info, tags }) => ({
      // safe: kept publications have passed the channel's schema
      data: payloadValue(data) as MessageOf<Channels, Name>,
      offset,
      ...(info && { info: toMember(info) }),
      ...(tags && { tags }),
    }));
    return { publications, ...page.top };
  }

  /** Empties a channel's history; its position remains. */
  removeHistory<const Name extends string>(channel: Known<Channels, Name>): Promise<void> {
    return this.#operations.removeHistory(channel);
  }

  /**
   * A channel whose rule makes it a map: sets, removes and reads its keys.
   *
   * @example await app.map('match:1').set('score', { home: 1, away: 0 });
   */
  map<const Name extends string>(
    channel: Known<Channels, Name>,
  ): AppMap<MessageOf<Channels, Name>, MessageInputOf<Channels, Name>> {
    return new AppMap(channel, this.#operations, () => this.#serving.start());
  }

  /**
   * Opens a stream in a channel whose rule has `streams`, or goes on with one that has not ended: the producer before this
   * one is told, and refused from then on. Also `ERR_STREAM_ENDED`, `ERR_STREAM_FULL`.
   *
   * @example
   * const answer = await app.open('chat:42', { id: 'answer-7', meta: { model: 'small' } });
   * await answer.append('Hello');
   * await answer.close({ tokens: 1 });
   */
  async open<const Name extends string>(
    channel: Known<Channels, Name>,
    options: OpenStreamOptions = {},
  ): Promise<AppStream<MessageInputOf<Channels, Name>>> {
    await this.#serving.start();
    return openStream(channel, this.#operations, options);
  }

  /** A stream so far; `undefined` if there is none of this id. */
  async readStream<const Name extends string>(
    channel: Known<Channels, Name>,
    id: string,
  ): Promise<StreamSnapshot<MessageOf<Channels, Name>> | undefined> {
    await this.#serving.start();
    const read = await this.#operations.readAnswer(channel, id);
    return read && toSnapshot(read);
  }

  /** Tells the producer of a stream, wherever it is, that nobody wants more of it. Also `ERR_STREAM_UNKNOWN`, `ERR_STREAM_ENDED`. */
  async cancelStream<const Name extends string>(channel: Known<Channels, Name>, id: string): Promise<void> {
    await this.#serving.start();
    await this.#operations.changeAnswer(channel, { kind: 'cancel', id });
  }

  /**
   * Calls a listener in this process with each message of a channel, whoever publishes and on whatever node, in order and
   * each once. It is no subscriber: clients do not see it, and a rate or `slow` of the rule does not apply. A message that
   * the broker loses is missing; with a history the offsets then jump, and {@link history} has it. What the listener throws
   * is logged.
   *
   * @returns resolves when no later message is missed, with a function that stops it
   * @example const stop = await app.watch('orders:new', ({ data, info }) => take(data, info?.user));
   */
  async watch<const Name extends string>(
    channel: Known<Channels, Name>,
    listener: (message: WatchedMessage<MessageOf<Channels, Name>>) => void,
  ): Promise<() => void> {
    await this.#serving.start();
    return this.#operations.watch(channel, (publication) => listener(toWatched(publication)));
  }

  /** The clients in a channel, on all nodes: at most `limits.maxPresenceClients`. */
  async presence<const Name extends string>(channel: Known<Channels, Name>): Promise<Member[]> {
    return (await this.#operations.presence(channel)).map(toMember);
  }

  /** The numbers of clients and users in a channel. */
  presenceStats<const Name extends string>(channel: Known<Channels, Name>): Promise<PresenceStats> {
    return this.#operations.presenceStats(channel);
  }

  /** Subscribes a user's connections to a channel, whatever its rule permits. Returns the number of new ones. */
  async subscribe<const Name extends string>(
    user: string,
    channel: Known<Channels, Name>,
    options: SubscribeOptions = {},
  ): Promise<number> {
    const { recoverSince } = options;
    return this.#operations.subscribe(selector(user, options), channel, {
      ...grantOf(options),
      ...defined({ recoverSince }),
    });
  }

  /** Ends a user's subscriptions to a channel; its clients do not subscribe again by themselves. */
  unsubscribe<const Name extends string>(
    user: string,
    channel: Known<Channels, Name>,
    options: Connections = {},
  ): Promise<void> {
    return this.#operations.unsubscribe(selector(user, options), channel);
  }

  /** Closes a user's connections. */
  disconnect(user: string, options: DisconnectOptions = {}): Promise<void> {
    const { reconnect = false, except = [] } = options;
    const code = reconnect ? disconnectCodes.forceReconnect : disconnectCodes.forceNoReconnect;
    return this.#operations.disconnect(selector(user, options), code, except);
  }

  /** Sets when a user's connections end. */
  refresh(user: string, options: RefreshOptions = {}): Promise<void> {
    const { expiresAt } = options;
    const expiry = expiresAt === undefined ? {} : { expiresAtMs: expiresAt * 1_000 };
    return this.#operations.refresh(selector(user, options), expiry);
  }

  /** Sends a message outside any channel to a user's connections. */
  send(user: string, data: unknown, options: Connections = {}): Promise<void> {
    return this.#operations.send(selector(user, options), encodeMessage(data));
  }

  /**
   * A ticket for one connection without a token, on any node while this one is alive: for an `EventSource`, which can
   * only send a URL.
   *
   * @param user `null` for an anonymous client
   * @example new EventSource(`/sse?channels=news&ticket=${ticket}`)
   */
  ticket(user: string | null, options: TicketOptions = {}): string {
    const { ttlSec, meta, info, expiresAt } = options;
    return this.#operations.issueTicket(user ?? '', {
      ...(ttlSec !== undefined && { ttlMs: ttlSec * 1_000 }),
      ...grantOf(defined({ info, expiresAt })),
      ...defined({ meta }),
    });
  }

  /**
   * Channels with subscribers, on all nodes. Also `ERR_PATTERN`.
   *
   * @param pattern `*` stands for any characters, `?` for one, `[a-z]` for one of those, `{one,two}` for either, `\` for
   *   what follows. Default: all
   */
  channels(pattern = ''): Promise<ChannelSummary[]> {
    return this.#operations.channels(pattern);
  }

  /** The state of the nodes: this one first, then those that answer within two seconds. */
  info(): Promise<NodeSummary[]> {
    return this.#operations.info();
  }

  /** Closes connections that were made with this token (`jti`) and refuses it from now on. @param until Unix seconds */
  revokeToken(tokenId: string, until?: number): Promise<void> {
    return this.#operations.revoke({ kind: 'token', tokenId, ...(until !== undefined && { untilMs: until * 1_000 }) });
  }

  /** The same for all tokens of a user that were made before `before`, in Unix seconds. Default: before now. */
  revokeUserTokens(user: string, before: number = Date.now() / 1_000): Promise<void> {
    return this.#operations.revoke({ kind: 'userTokens', user, beforeMs: before * 1_000 });
  }

  /** Closes a user's connections and refuses new ones until {@link unblockUser}. */
  blockUser(user: string): Promise<void> {
    return this.#operations.revoke({ kind: 'user', user });
  }

  /** Lets a user connect again whom {@link blockUser} keeps out; no effect on others. */
  unblockUser(user: string): Promise<void> {
    return this.#operations.unblock(user);
  }

  /** Replaces the option `origins` for new connections. */
  setOrigins(origins: readonly string[] | '*' | undefined): void {
    this.#setOrigins(origins);
  }

  /**
   * What clients can do, as an AsyncAPI 3.0 document: channels, messages with their JSON Schema, procedures. Plain JSON.
   *
   * @throws FanfareError `ERR_CONFIG` for a `url` that is none
   */
  spec(options: SpecOptions = {}): AsyncApiDocument {
    return this.#spec(options);
  }

  /**
   * Refuses new clients, gradually tells the others to reconnect elsewhere, and frees everything. Servers passed to
   * {@link attach} stay open. Idempotent.
   *
   * @param deadlineMs upper limit. Default: 25,000
   */
  close(deadlineMs = defaultCloseDeadlineMs, options: CloseOptions = {}): Promise<void> {
    return this.#serving.close(deadlineMs, options);
  }
}

function selector(user: string, { client }: Connections): ClientSelector {
  return client === undefined ? { user } : { user, client };
}

function publishing({ version, versionEpoch = '', ...options }: PublishOptions): PublishRequestOptions {
  return version === undefined ? options : { ...options, version: { number: version, epoch: versionEpoch } };
}
