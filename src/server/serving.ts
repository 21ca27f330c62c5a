/** The life of a node's HTTP side: servers of the application's, servers of its own, and how they all end. */

import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Node } from '../engine/node.js';
import type { ApiOptions } from '../http/api/api.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import type { ClientEndpoint, Transport } from '../transports/transport.js';
import { refuseUpgrade } from '../transports/websocket/upgrade.js';
import { interceptRequests } from './interception.js';
import { createHttpServer, type ListenAddress, listenOn } from './listener.js';
import { pathOf, Router } from './router.js';
import { closePaced } from './shutdown.js';

/** What a port that Fanfare opens itself is for. */
export interface ListenOptions {
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** Serve `/metrics` on this port. Default: `false`. */
  readonly metrics?: boolean;
  /** Serve the HTTP API, `/api/*`, on this port. Default: not. */
  readonly api?: ApiOptions;
  /** Let clients connect on this port. Without, it is for health, metrics and endpoints alone. Default: `true`. */
  readonly clients?: boolean;
  /** Further endpoints, by exact path. Default: none. */
  readonly endpoints?: readonly HttpEndpoint[];
}

export interface ServingParts {
  readonly node: Node;
  readonly transports: readonly Transport[];
  /** Throws a `FanfareError` for options that do not go together. */
  readonly endpoints: (options: ListenOptions & { readonly host: string }) => readonly HttpEndpoint[];
  /** Called once all connections are closed, with the time that is left. */
  readonly onClose: (deadlineMs: number) => Promise<void>;
}

export class Serving {
  readonly #parts: ServingParts;
  readonly #endpoints: ReadonlyMap<string, ClientEndpoint>;
  /** With what undoes it. */
  readonly #attached = new Map<HttpServer, () => void>();
  readonly #listening = new Set<HttpServer>();
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: ServingParts) {
    this.#parts = parts;
    const endpoints = parts.transports.flatMap((transport) => transport.endpoints);
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
  }

  /** Connects the node to its broker, once. */
  start(): Promise<void> {
    this.#started ??= this.#parts.node.start();
    return this.#started;
  }

  attach(server: HttpServer): void {
    if (this.#attached.has(server)) return;
    const { node } = this.#parts;
    this.start().catch((error: unknown) => node.log.error({ err: error }, 'the broker cannot be reached'));
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const endpoint = this.#endpoints.get(pathOf(request));
      if (endpoint?.upgrade !== undefined) endpoint.upgrade(request, socket, head);
      else if (server.listenerCount('upgrade') === 1) this.#refuseUpgrade(socket);
    };
    server.on('upgrade', upgrade);
    const release = interceptRequests(server, (request) => {
      const endpoint = this.#endpoints.get(pathOf(request));
      return endpoint?.handle && ((taken, response) => endpoint.handle?.(taken, response));
    });
    this.#attached.set(server, () => {
      server.off('upgrade', upgrade);
      release();
    });
  }

  async listen(port: number, options: ListenOptions): Promise<ListenAddress> {
    await this.start();
    const { node, endpoints } = this.#parts;
    const { clients = true, host = '127.0.0.1' } = options;
    const router = new Router(endpoints({ ...options, host }), clients ? this.#upgradePaths() : [], node.log);
    const server = createHttpServer(router.handle, node.log);
    if (clients) this.attach(server);
    this.#listening.add(server);
    try {
      return await listenOn(server, port, host);
    } catch (error) {
      this.#listening.delete(server);
      this.#attached.delete(server);
      throw error;
    }
  }

  /** Idempotent. */
  close(deadlineMs: number): Promise<void> {
    this.#closed ??= this.#shutDown(deadlineMs);
    return this.#closed;
  }

  async #shutDown(deadlineMs: number): Promise<void> {
    const { node, onClose } = this.#parts;
    const startMs = node.clock.nowMs();
    node.drain();
    // The port stays open meanwhile, so that a load balancer gets to see that the node is not ready any more (F12).
    // A part of the time is left for the closing handshakes of the last ones.
    await closePaced(node.sessions.all(), node.clock, deadlineMs * 0.6);
    const cut = node.clock.schedule(() => this.#cutAll(), Math.min(6_000, deadlineMs * 0.3));
    await this.#settled(Math.min(3_000, deadlineMs * 0.15));
    const closed = [...this.#listening].map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const server of this.#listening) server.closeIdleConnections();
    await Promise.all(closed);
    cut();
    for (const detach of this.#attached.values()) detach();
    await node.close(deadlineMs * 0.1);
    await onClose(Math.max(deadlineMs * 0.05, deadlineMs - (node.clock.nowMs() - startMs)));
  }

  /** Clients that come to ask still find somebody who tells them to go elsewhere. */
  async #settled(deadlineMs: number): Promise<void> {
    const { node, transports } = this.#parts;
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = node.clock.schedule(resolve, deadlineMs);
    });
    await Promise.race([late, Promise.all(transports.map((transport) => transport.settled?.()))]);
    cancel();
  }

  /** Answers an upgrade that nobody on its server is there for. */
  #refuseUpgrade(socket: Duplex): void {
    this.#parts.node.log.info({ status: 404 }, 'upgrade refused: not found');
    refuseUpgrade(socket, { status: 404, message: 'not found' });
  }

  #upgradePaths(): string[] {
    return [...this.#endpoints.values()].flatMap(({ path, upgrade }) => (upgrade === undefined ? [] : [path]));
  }

  /** Those that have not answered by now do not get more time. */
  #cutAll(): void {
    for (const transport of this.#parts.transports) transport.terminateAll();
    for (const server of this.#listening) server.closeAllConnections();
  }
}
