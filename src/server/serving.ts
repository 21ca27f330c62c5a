/** The life of a node's HTTP side: servers of the application's, servers of its own, and how they all end. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Node } from '../engine/node.js';
import type { ApiOptions } from '../http/api/api.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import { findHostFault } from '../http/host.js';
import { offersHttp2, offersWebSocket } from '../http/upgrade-header.js';
import type { ClientEndpoint, Transport } from '../transports/transport.js';
import type { TrustedProxies } from '../transports/trusted-proxies.js';
import { refuseUpgrade } from '../transports/websocket/upgrade.js';
import { announced } from './announced-connections.js';
import { hasTooManyHeaders } from './ignored-upgrade.js';
import { type Interception, intercept, type RequestHandler, type UpgradeHandler } from './interception.js';
import { createHttpServer, type ListenAddress, listenOn } from './listener.js';
import type { AnyHttpServer, Certificate, OwnServer } from './own-server.js';
import { pathOf, Router } from './router.js';
import { clientsPerSecOf, closePaced, type Pace } from './shutdown.js';
import { createTlsServer } from './tls-server.js';
import { unservedPathLine } from './unserved-paths.js';

/** What a port that Fanfare opens itself is for. */
export interface ListenOptions {
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** Speak TLS on this port, and HTTP/2 beside HTTP/1.1. Default: plain HTTP/1.1. */
  readonly tls?: Certificate;
  /**
   * Every connection to this port begins with the PROXY protocol (version 1 or 2), by a proxy of `trustProxies`; others
   * are refused. Default: `false`.
   */
  readonly proxyProtocol?: boolean;
  /** Serve `/metrics` on this port. Default: `false`. */
  readonly metrics?: boolean;
  /** Serve the HTTP API, `/api/*`, on this port. Default: not. */
  readonly api?: ApiOptions;
  /** Let clients connect on this port. Without, it is for health, metrics and endpoints alone. Default: `true`. */
  readonly clients?: boolean;
  /** Further endpoints, by exact path. Default: none. */
  readonly endpoints?: readonly HttpEndpoint[];
}

/** How a node takes its leave. */
export interface CloseOptions {
  /**
   * Clients a second that are sent away, more where the deadline would be missed. Default: as slowly as the deadline
   * allows, but no slower than 20.
   */
  readonly clientsPerSec?: number;
  /**
   * How long clients are still let in while readiness already fails, in milliseconds, so that load balancers that do not
   * try another node get to know. A part of the deadline, half of it at most. Default: 0.
   */
  readonly delayMs?: number;
}

interface ServingParts {
  readonly node: Node;
  readonly transports: readonly Transport[];
  readonly proxies: TrustedProxies;
  /** Throws a `FanfareError` for options that do not go together. */
  readonly endpoints: (options: ListenOptions & { readonly host: string }) => readonly HttpEndpoint[];
  /** Called once all connections are closed, with the time that is left. */
  readonly onClose: (deadlineMs: number) => Promise<void>;
}

/** On listeners to upgrades, by which several applications on one server know each other. */
const isFanfares = Symbol('fanfare');
export class Serving {
  readonly #parts: ServingParts;
  readonly #endpoints: ReadonlyMap<string, ClientEndpoint>;
  /** With what undoes it. */
  readonly #attached = new Map<AnyHttpServer, () => void>();
  readonly #listening = new Set<OwnServer>();
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

  attach(server: AnyHttpServer): void {
    if (this.#attached.has(server)) return;
    const { node } = this.#parts;
    this.start().catch((error: unknown) => node.log.error({ err: error }, 'the broker cannot be reached'));
    // Gets what nobody has taken. Without a listener, Node ignores upgrades.
    const onUpgrade = Object.assign(
      (request: IncomingMessage, socket: Duplex) => {
        if (isLeftToFanfare(server) && !socket.writableEnded) this.#refuseUpgrade(request, socket);
      },
      { [isFanfares]: true },
    );
    server.on('upgrade', onUpgrade);
    const release = intercept(server, {
      findHandler: (request) => {
        const endpoint = this.#endpoints.get(pathOf(request));
        return endpoint?.handle && this.#answering((taken, response) => endpoint.handle?.(taken, response));
      },
      findUpgrade: (request) => this.#findUpgrade(server, request),
    });
    this.#attached.set(server, () => {
      server.off('upgrade', onUpgrade);
      release();
    });
  }

  /**
   * Whoever else listens to upgrades of a server gets those of other paths, but not those to HTTP/2 (h2c): no program on
   * Node takes them, and clients send them with requests that are meant for anybody.
   */
  #findUpgrade(server: AnyHttpServer, request: IncomingMessage): ReturnType<Interception['findUpgrade']> {
    if (hasTooManyHeaders(request)) return this.#refuseMany;
    const endpoint = this.#endpoints.get(pathOf(request));
    if (offersWebSocket(request)) return endpoint?.upgrade && ((...upgrade) => endpoint.upgrade?.(...upgrade));
    const isPlain = endpoint !== undefined || offersHttp2(request) || isLeftToFanfare(server);
    return isPlain ? 'ignored' : undefined;
  }

  async listen(port: number, options: ListenOptions): Promise<ListenAddress> {
    await this.start();
    const { node, endpoints } = this.#parts;
    const { clients = true, host = '127.0.0.1', tls, proxyProtocol = false } = options;
    const router = new Router(endpoints({ ...options, host }), clients ? this.#upgradePaths() : [], {
      log: node.log,
      refusals: node.refusals,
      peerOf: (request) => this.#parts.proxies.clientAddress(request),
    });
    const handle = this.#answering(router.handle);
    const { clock, log, refusals } = node;
    const { proxies } = this.#parts;
    // safe: what comes to a port that was opened here is a connection of TCP, with or without TLS
    const ports = { clock, log, refusals, peerOf: (socket: Duplex) => proxies.peerOf(socket as Socket) };
    const plain = tls ? createTlsServer(handle, tls, ports) : createHttpServer(handle, ports);
    const own = proxyProtocol ? announced(plain, { proxies, clock, refusals }) : plain;
    if (clients) this.attach(own.server);
    else this.#ignoreUpgrades(own.server);
    this.#listening.add(own);
    try {
      return await listenOn(own, port, host);
    } catch (error) {
      this.#listening.delete(own);
      this.#attached.delete(own.server);
      throw error;
    }
  }

  /** @throws FanfareError `ERR_CONFIG`; the old certificate stays in use on all ports */
  setCertificate(certificate: Certificate): void {
    for (const own of this.#listening) own.setCertificate?.(certificate);
  }

  get isClosing(): boolean {
    return this.#closed !== undefined;
  }

  /** Idempotent. */
  close(deadlineMs: number, options: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#shutDown(deadlineMs, options);
    return this.#closed;
  }

  async #shutDown(deadlineMs: number, { clientsPerSec, delayMs = 0 }: CloseOptions): Promise<void> {
    const { node, onClose } = this.#parts;
    const { clock } = node;
    const startMs = clock.nowMs();
    node.leave();
    const waitMs = Math.min(delayMs, deadlineMs * 0.5);
    if (waitMs > 0) await new Promise<void>((resolve) => clock.schedule(resolve, waitMs));
    node.drain();
    for (const own of this.#listening) own.drain();
    // The port stays open meanwhile, so that a load balancer gets to see that the node is not ready any more (F12).
    // A part of the time is left for the closing handshakes of the last ones.
    await this.#sendAway({ withinMs: (deadlineMs - waitMs) * 0.6, clientsPerSec });
    const cut = clock.schedule(() => this.#cutAll(), Math.min(6_000, deadlineMs * 0.3));
    await this.#settled(Math.min(3_000, deadlineMs * 0.15));
    await Promise.all([...this.#listening].map((own) => own.close()));
    cut();
    for (const detach of this.#attached.values()) detach();
    await node.close(deadlineMs * 0.1);
    await onClose(Math.max(deadlineMs * 0.05, deadlineMs - (clock.nowMs() - startMs)));
  }

  async #sendAway(pace: Pace): Promise<void> {
    const { node } = this.#parts;
    const sessions = node.sessions.all();
    const needed = clientsPerSecOf(sessions.length, pace);
    if (pace.clientsPerSec !== undefined && needed > pace.clientsPerSec) {
      node.log.warn(
        { clients: sessions.length, clientsPerSec: Math.ceil(needed), wanted: pace.clientsPerSec },
        'clients are sent away faster than they should be, since the deadline comes first',
      );
    }
    const beganMs = node.clock.nowMs();
    await closePaced(sessions, node, pace);
    if (sessions.length === 0) return;
    const ms = Math.round(node.clock.nowMs() - beganMs);
    node.log.info({ clients: sessions.length, ms }, 'all clients have been told to connect elsewhere');
  }

  /**
   * What holds for every request that is answered here. A node that is about to go keeps no connection for a next one,
   * which would come when nobody listens any more.
   */
  #answering(handle: RequestHandler): RequestHandler {
    return (request, response) => {
      const fault = findHostFault(request);
      if (fault !== undefined) {
        const peer = this.#parts.proxies.clientAddress(request);
        this.#parts.node.refusals.tell({
          check: 'host',
          key: `${fault} ${peer}`,
          fields: { status: 400, reason: fault, peer },
          message: 'bad HTTP request: nobody can tell which host it is for',
          level: 'info',
        });
        const connection = request.httpVersionMajor < 2 && { Connection: 'close' };
        response.writeHead(400, { 'Content-Length': 0, ...connection }).end();
        return;
      }
      if (this.#parts.node.isLeaving && request.httpVersionMajor < 2) response.setHeader('Connection', 'close');
      handle(request, response);
    };
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

  /** For a server where nobody can get anything but answers. */
  #ignoreUpgrades(server: AnyHttpServer): void {
    server.on('upgrade', () => undefined);
    intercept(server, {
      findHandler: () => undefined,
      findUpgrade: (request) => (hasTooManyHeaders(request) ? this.#refuseMany : 'ignored'),
    });
  }

  readonly #refuseMany: UpgradeHandler = (request, socket) => {
    const { node, proxies } = this.#parts;
    const peer = proxies.clientAddress(request);
    node.refusals.tell({
      check: 'http',
      key: `too many headers ${peer}`,
      fields: { status: 431, reason: 'too many headers', peer },
      message: 'upgrade refused: it has more headers than are read',
      level: 'info',
    });
    refuseUpgrade(socket, { status: 431, message: 'too many headers' });
  };

  /** Answers an upgrade that nobody on its server is there for. */
  #refuseUpgrade(request: IncomingMessage, socket: Duplex): void {
    const { node, proxies } = this.#parts;
    node.refusals.tell(unservedPathLine(pathOf(request), this.#upgradePaths(), proxies.clientAddress(request)));
    refuseUpgrade(socket, { status: 404, message: 'not found' });
  }

  #upgradePaths(): string[] {
    return [...this.#endpoints.values()].flatMap(({ path, upgrade }) => (upgrade === undefined ? [] : [path]));
  }

  /** Those that have not answered by now do not get more time. */
  #cutAll(): void {
    for (const transport of this.#parts.transports) transport.terminateAll();
    for (const own of this.#listening) own.cut();
  }
}

/** Nobody else listens to upgrades. */
function isLeftToFanfare(server: AnyHttpServer): boolean {
  return server.listeners('upgrade').every((listener) => isFanfares in listener);
}
