/** The running application: what a program does with its Fanfare node. */

import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HistoryStore, PresenceStats, PresenceStore } from '../engine/broker.js';
import type {
  ChannelNameOf,
  ChannelSchemas,
  MessageInputOf,
  MessageOf,
  ProcedureTable,
} from '../engine/channel-types.js';
import type { Node } from '../engine/node.js';
import { acceptMessage, encodeMessage } from '../engine/publishing.js';
import type { RuleMatch } from '../engine/rules.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import { type ChannelName, channelNameFault, parseChannelName } from '../model/channel-name.js';
import { disconnectCodes, unsubscribeCodes } from '../model/codes.js';
import { FanfareError } from '../model/fanfare-error.js';
import { fromJsonText } from '../model/json-text.js';
import type { Position } from '../model/position.js';
import type { ClientInfo } from '../model/publication.js';
import { OriginPolicy } from '../transports/origin-policy.js';
import type { WebSocketTransport } from '../transports/websocket/transport.js';
import { createHttpServer, type ListenAddress, listenOn } from './listener.js';
import { pathOf, Router } from './router.js';
import { closePaced } from './shutdown.js';

export interface PublishOptions {
  /** A retry with the same key within 5 minutes is not published again. 1 to 256 bytes. */
  readonly idempotencyKey?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Deliver without keeping it: it has no offset and is not recovered. Default: `false`. */
  readonly skipHistory?: boolean;
}

/** A kept publication. */
export interface HistoryEntry<Message> {
  readonly data: Message;
  readonly offset: number;
  readonly info?: Member;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface HistoryResult<Message> {
  readonly publications: readonly HistoryEntry<Message>[];
  /** The place of the newest publication of the channel. */
  readonly offset: number;
  readonly epoch: string;
}

/** A client in a channel. */
export interface Member {
  readonly user: string;
  readonly client: string;
  readonly connInfo?: unknown;
  readonly chanInfo?: unknown;
}

export interface HistoryReadOptions {
  /** Most publications to return. Default: 100. 0: the position alone. */
  readonly limit?: number;
  /** Only publications after this place; before it, when `reverse`. */
  readonly since?: Position;
  /** Newest first. Default: `false`. */
  readonly reverse?: boolean;
}

/** Extra endpoints of {@link FanfareApp.listen}. */
export interface ListenOptions {
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** Serve `/metrics` on this port. Default: `false`. */
  readonly metrics?: boolean;
  /** Let clients connect on this port. Without, it is for health, metrics and endpoints alone. Default: `true`. */
  readonly clients?: boolean;
  /** Further endpoints, by exact path. Default: none. */
  readonly endpoints?: readonly HttpEndpoint[];
}

const defaultCloseDeadlineMs = 25_000;
const defaultHistoryLimit = 100;

export class FanfareApp<Channels extends ChannelSchemas, Procedures extends ProcedureTable> {
  /** Carries the types to `connect<App>()`; there is nothing in it. */
  declare readonly types: { readonly channels: Channels; readonly procedures: Procedures };
  readonly #node: Node;
  readonly #transport: WebSocketTransport;
  readonly #path: string;
  readonly #endpoints: (options: ListenOptions) => readonly HttpEndpoint[];
  readonly #onClose: () => void;
  readonly #attached = new Map<HttpServer, (request: IncomingMessage, socket: Duplex, head: Buffer) => void>();
  readonly #listening = new Set<HttpServer>();
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /** Made by `fanfare()`. */
  constructor(parts: {
    readonly node: Node;
    readonly transport: WebSocketTransport;
    readonly path: string;
    readonly endpoints: (options: ListenOptions) => readonly HttpEndpoint[];
    readonly onClose: () => void;
  }) {
    this.#node = parts.node;
    this.#transport = parts.transport;
    this.#path = parts.path;
    this.#endpoints = parts.endpoints;
    this.#onClose = parts.onClose;
  }

  /** Number of connected clients on this node. */
  get numClients(): number {
    return this.#node.sessions.numClients;
  }

  /**
   * Serves clients through an HTTP server of the application's: Express, Fastify, Hono, anything on `node:http`.
   * Upgrades for other paths are left to others.
   *
   * @example
   * const server = createServer(express());
   * app.attach(server);
   * server.listen(3000);
   */
  attach(server: HttpServer): this {
    if (this.#attached.has(server)) return this;
    void this.#start();
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (pathOf(request) === this.#path) this.#transport.upgrade(request, socket, head);
      else if (server.listenerCount('upgrade') === 1) this.#transport.refuseUnknown(request, socket);
    };
    server.on('upgrade', upgrade);
    this.#attached.set(server, upgrade);
    return this;
  }

  /**
   * Opens a server of its own.
   *
   * @param port 0 picks a free one
   * @throws FanfareError `ERR_LISTEN`, `ERR_BROKER`
   */
  async listen(port = 8000, options: ListenOptions = {}): Promise<ListenAddress> {
    await this.#start();
    const { clients = true } = options;
    const router = new Router(this.#endpoints(options), clients ? [this.#path] : [], this.#node.log);
    const server = createHttpServer(router.handle, this.#node.log);
    if (clients) this.attach(server);
    this.#listening.add(server);
    try {
      return await listenOn(server, port, options.host ?? '127.0.0.1');
    } catch (error) {
      this.#listening.delete(server);
      throw error;
    }
  }

  /**
   * Publishes to a channel. Resolves when the broker has acknowledged it.
   *
   * @throws FanfareError `ERR_CHANNEL_NAME`, `ERR_UNKNOWN_CHANNEL`, `ERR_MESSAGE_INVALID`, `ERR_MESSAGE_TOO_LARGE`,
   *   `ERR_IDEMPOTENCY_KEY`, `ERR_BROKER`, `ERR_CLOSED`
   */
  async publish<const Name extends string>(
    channel: ChannelNameOf<Channels, Name> & Name,
    data: MessageInputOf<Channels, Name>,
    options: PublishOptions = {},
  ): Promise<Position> {
    const { name, match } = this.#find(channel);
    await this.#start();
    const accepted = await acceptMessage(match.rule, encodeMessage(data));
    return (await this.#node.publishing.publish(name, match.rule, accepted.data, options)).position;
  }

  /**
   * Reads a channel's kept publications.
   *
   * @throws FanfareError `ERR_CHANNEL_NAME`, `ERR_UNKNOWN_CHANNEL`, `ERR_NOT_AVAILABLE` for a channel without history,
   *   `ERR_UNRECOVERABLE` when what follows `since` is not there any more
   */
  async history<const Name extends string>(
    channel: ChannelNameOf<Channels, Name> & Name,
    options: HistoryReadOptions = {},
  ): Promise<HistoryResult<MessageOf<Channels, Name>>> {
    const { name, store } = this.#historyOf(channel);
    const { limit = defaultHistoryLimit, since, reverse = false } = options;
    const page = await store.read(name, { limit, reverse, ...(since && { since }) });
    if (!page.continuous) throw new FanfareError('ERR_UNRECOVERABLE', `"${channel}" has nothing left from there`);
    const publications = page.publications.map(({ data, offset, info, tags }) => ({
      // safe: what is kept has passed the channel's schema
      data: fromJsonText(data) as MessageOf<Channels, Name>,
      offset,
      ...(info && { info: toMember(info) }),
      ...(tags && { tags }),
    }));
    return { publications, ...page.top };
  }

  /** Empties a channel's history; its position stays. Throws as {@link history} does. */
  async removeHistory<const Name extends string>(channel: ChannelNameOf<Channels, Name> & Name): Promise<void> {
    const { name, store } = this.#historyOf(channel);
    await store.remove(name);
  }

  /**
   * Who is in a channel, over all nodes: at most `limits.maxPresenceClients`.
   *
   * @throws FanfareError `ERR_CHANNEL_NAME`, `ERR_UNKNOWN_CHANNEL`, `ERR_NOT_AVAILABLE` for a channel without presence
   */
  async presence<const Name extends string>(channel: ChannelNameOf<Channels, Name> & Name): Promise<Member[]> {
    const { name, store } = this.#presenceOf(channel);
    return (await store.list(name, this.#node.limits.maxPresenceClients)).map(toMember);
  }

  /** How many clients and users are in a channel. Throws as {@link presence} does. */
  async presenceStats<const Name extends string>(
    channel: ChannelNameOf<Channels, Name> & Name,
  ): Promise<PresenceStats> {
    const { name, store } = this.#presenceOf(channel);
    return store.stats(name);
  }

  /** Ends a user's subscriptions to a channel on this node; its clients do not come back by themselves. */
  unsubscribe<const Name extends string>(user: string, channel: ChannelNameOf<Channels, Name> & Name): void {
    const { name } = this.#find(channel);
    for (const session of this.#node.sessions.ofUser(user)) {
      const subscription = session.subscriptions.get(name);
      if (subscription !== undefined) session.unsubscribe(subscription, unsubscribeCodes.server);
    }
  }

  /** Closes a user's connections on this node. `reconnect`: with the advice to come back. Default: not to. */
  disconnect(user: string, options: { readonly reconnect?: boolean } = {}): void {
    const code = options.reconnect === true ? disconnectCodes.forceReconnect : disconnectCodes.forceNoReconnect;
    for (const session of this.#node.sessions.ofUser(user)) session.close(code);
  }

  /** Sends a message outside any channel to a user's connections on this node. */
  send(user: string, data: unknown): void {
    const encoded = encodeMessage(data);
    for (const session of this.#node.sessions.ofUser(user)) session.push({ kind: 'message', data: encoded });
  }

  /** Replaces the web origins that may connect from now on, as the option `origins` gives them. */
  setOrigins(origins: readonly string[] | '*' | undefined): void {
    this.#transport.origins = new OriginPolicy(origins === undefined ? {} : { origins });
  }

  /**
   * Lets nobody in any more, tells the clients to go elsewhere at a pace, and frees everything. Servers given to
   * {@link attach} stay open. Idempotent.
   *
   * @param deadlineMs by when it is done. Default: 25,000
   */
  close(deadlineMs = defaultCloseDeadlineMs): Promise<void> {
    this.#closed ??= this.#shutDown(deadlineMs);
    return this.#closed;
  }

  #start(): Promise<void> {
    this.#started ??= this.#node.start();
    return this.#started;
  }

  async #shutDown(deadlineMs: number): Promise<void> {
    const node = this.#node;
    node.drain();
    const closed = [...this.#listening].map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // A part of the time is left for the closing handshakes of the last ones.
    await closePaced(node.sessions.all(), node.clock, deadlineMs * 0.6);
    const cut = node.clock.schedule(() => this.#cutAll(), Math.min(6_000, deadlineMs * 0.3));
    for (const server of this.#listening) server.closeIdleConnections();
    await Promise.all(closed);
    cut();
    for (const [server, upgrade] of this.#attached) server.off('upgrade', upgrade);
    await node.close(deadlineMs * 0.1);
    this.#onClose();
  }

  /** Those that have not answered by now do not get more time. */
  #cutAll(): void {
    this.#transport.terminateAll();
    for (const server of this.#listening) server.closeAllConnections();
  }

  #find(channel: string): { readonly name: ChannelName; readonly match: RuleMatch } {
    const name = parseChannelName(channel);
    if (name === undefined) {
      throw new FanfareError('ERR_CHANNEL_NAME', `not a channel name (${channelNameFault(channel)})`);
    }
    const match = this.#node.rules.match(name);
    if (match === undefined) throw new FanfareError('ERR_UNKNOWN_CHANNEL', `no rule matches the channel "${channel}"`);
    return { name, match };
  }

  #historyOf(channel: string): { readonly name: ChannelName; readonly store: HistoryStore } {
    const { name, match } = this.#find(channel);
    const store = this.#node.broker.history;
    if (match.rule.stream !== undefined && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no history`);
  }

  #presenceOf(channel: string): { readonly name: ChannelName; readonly store: PresenceStore } {
    const { name, match } = this.#find(channel);
    const store = this.#node.broker.presence;
    if (match.rule.presence && store !== undefined) return { name, store };
    throw new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" keeps no presence`);
  }
}

function toMember({ user, client, connInfo, chanInfo }: ClientInfo): Member {
  return {
    user,
    client,
    ...(connInfo !== undefined && { connInfo: fromJsonText(connInfo) }),
    ...(chanInfo !== undefined && { chanInfo: fromJsonText(chanInfo) }),
  };
}
