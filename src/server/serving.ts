/** The HTTP servers of a node: the application's, its own, and how they are closed. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Node } from '../engine/node.js';
import { pause } from '../engine/time/pause.js';
import type { ApiOptions } from '../http/api/api.js';
import type { ConsoleOptions } from '../http/console/console.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import { findHostFault } from '../http/host.js';
import { LongBodies } from '../http/long-bodies.js';
import { NodeExchange } from '../http/node-exchange.js';
import { offersHttp2, offersWebSocket } from '../http/upgrade-header.js';
import type { ClientEndpoint, ListenerTerms, Transport } from '../transports/transport.js';
import type { TrustedProxies } from '../transports/trusted-proxies.js';
import { announced } from './announced-connections.js';
import { type AttachOptions, termsOf } from './deflate-options.js';
import { hasTooManyHeaders } from './ignored-upgrade.js';
import { type Interception, intercept, type RequestHandler } from './interception.js';
import { closedMeanwhile, createHttpServer, type ListenAddress, listenOn } from './listener.js';
import type { AnyHttpServer, Certificate, OwnServer } from './own-server.js';
import { pathOf, Router } from './router.js';
import { clientsPerSecOf, closePaced, type Pace } from './shutdown.js';
import { createTlsServer } from './tls-server.js';
import { UpgradeRefusals } from './upgrade-refusals.js';

/** The options of a port that Fanfare opens. */
export interface ListenOptions extends AttachOptions {
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** Use TLS on this port, with HTTP/2 and HTTP/1.1. Default: plain HTTP/1.1. */
  readonly tls?: Certificate;
  /**
   * Require the PROXY protocol (version 1 or 2) from a proxy of `trustProxies` on each connection; refuse others.
   * Default: `false`.
   */
  readonly proxyProtocol?: boolean;
  /** Serve `/metrics` on this port. Default: `false`. */
  readonly metrics?: boolean;
  /** Serve the HTTP API, `/api/*`, on this port. Default: not. */
  readonly api?: ApiOptions;
  /** Serve the console, `/console/`, on this port: a page for operators. Default: not. */
  readonly console?: ConsoleOptions;
  /** Let clients connect on this port; otherwise it is only for health, metrics and endpoints. Default: `true`. */
  readonly clients?: boolean;
  /** Further endpoints, by exact path. Default: none. */
  readonly endpoints?: readonly HttpEndpoint[];
}

/** How a node shuts down. */
export interface CloseOptions {
  /**
   * Clients a second that are disconnected; more if the deadline would be missed. Default: as slowly as the deadline
   * allows, but no slower than 20.
   */
  readonly clientsPerSec?: number;
  /**
   * How long clients are still accepted while readiness already fails, in milliseconds, for load balancers that do not
   * try another node. Part of the deadline, half of it at most. Default: 0.
   */
  readonly delayMs?: number;
}

interface ServingParts {
  readonly node: Node;
  readonly transports: readonly Transport[];
  readonly proxies: TrustedProxies;
  /** Rejects with a `FanfareError` for contradicting options. */
  readonly endpoints: (options: ListenOptions & { readonly host: string }) => Promise<readonly HttpEndpoint[]>;
  /** Called once, before the first connection of a server that listens. */
  readonly onStart: () => Promise<void>;
  /** Called once all connections are closed, with the remaining time. */
  readonly onClose: (deadlineMs: number) => Promise<void>;
}

/** Marks listeners to upgrades, so that several applications on one server recognise each other. */
const isFanfares = Symbol('fanfare');
export class Serving {
  readonly #endpoints: ReadonlyMap<string, ClientEndpoint>;
  /** Those for everything below their paths. */
  readonly #prefixes: readonly ClientEndpoint[];
  /** Attached servers, with the function that detaches each. */
  readonly #attached = new Map<AnyHttpServer, () => void>();
  /** The latest request of each connection, gone with it. */
  readonly #latest = new WeakMap<Socket, NodeExchange>();
  readonly #listening = new Set<OwnServer>();
  readonly #refusals: UpgradeRefusals;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(private readonly parts: ServingParts) {
    const endpoints = parts.transports.flatMap((transport) => transport.endpoints);
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
    this.#refusals = new UpgradeRefusals(this.#upgradePaths(), parts.proxies, parts.node.ports.refusals);
    this.#prefixes = endpoints.filter(({ isPrefix }) => isPrefix === true);
  }

  /** Connects the node to its broker, once. */
  start(): Promise<void> {
    this.#started ??= Promise.all([this.parts.node.start(), this.parts.onStart()]).then(() => undefined);
    return this.#started;
  }

  /** As {@link start}; clients that come before are kept waiting. */
  startMeanwhile(): void {
    const { log } = this.parts.node.ports;
    this.start().catch((error: unknown) => log.error({ err: error }, 'the broker cannot be reached'));
  }

  attach(server: AnyHttpServer, options: AttachOptions): void {
    if (this.#attached.has(server)) return;
    const terms = termsOf(options);
    this.startMeanwhile();
    // For upgrades that nobody else handles. Without a listener, Node ignores upgrades.
    const onUpgrade = Object.assign(
      (request: IncomingMessage, socket: Duplex) => {
        if (isLeftToFanfare(server) && !socket.writableEnded) this.#refusals.unserved(request, socket);
      },
      { [isFanfares]: true },
    );
    server.on('upgrade', onUpgrade);
    const release = intercept(server, {
      findHandler: (request) => {
        const path = pathOf(request);
        const endpoint =
          this.#endpoints.get(path) ?? this.#prefixes.find((prefix) => path.startsWith(`${prefix.path}/`));
        return (
          endpoint?.handle &&
          this.#answering((...taken) =>
            endpoint.handle?.(new NodeExchange(...taken, this.#latest, terms.maxConnectionMs)),
          )
        );
      },
      findUpgrade: (request) => this.#findUpgrade(server, terms, request),
    });
    this.#attached.set(server, () => {
      server.off('upgrade', onUpgrade);
      release();
    });
  }

  /**
   * Other listeners to upgrades get those for other paths, except those to HTTP/2 (h2c), which no program on Node
   * supports and which clients send with any request.
   */
  #findUpgrade(
    server: AnyHttpServer,
    terms: ListenerTerms,
    request: IncomingMessage,
  ): ReturnType<Interception['findUpgrade']> {
    if (hasTooManyHeaders(request)) return this.#refusals.tooManyHeaders;
    const endpoint = this.#endpoints.get(pathOf(request));
    if (offersWebSocket(request)) return endpoint?.upgrade && ((...upgrade) => endpoint.upgrade?.(...upgrade, terms));
    const isPlain = endpoint !== undefined || offersHttp2(request) || isLeftToFanfare(server);
    return isPlain ? 'ignored' : undefined;
  }

  async listen(port: number, options: ListenOptions): Promise<ListenAddress> {
    await this.start();
    const { node, endpoints } = this.parts;
    const { clients = true, host = '127.0.0.1', tls, proxyProtocol = false } = options;
    const served = await endpoints({ ...options, host });
    if (this.isClosing) throw closedMeanwhile();
    const longBodies = new LongBodies();
    const router = new Router(served, clients ? this.#upgradePaths() : [], {
      log: node.ports.log,
      refusals: node.ports.refusals,
      peerOf: (request) => this.parts.proxies.clientAddress(request),
      longBodies,
    });
    const handle = this.#answering(router.handle);
    const { clock, log, refusals } = node.ports;
    const { proxies } = this.parts;
    // safe: connections to a port that was opened here are TCP, with or without TLS
    const peerOf = (socket: Duplex) => proxies.peerOf(socket as Socket);
    const ports = { clock, log, refusals, peerOf, longBodies };
    const plain = tls ? createTlsServer(handle, tls, ports) : createHttpServer(handle, ports);
    const own = proxyProtocol ? announced(plain, { proxies, clock, refusals }) : plain;
    if (clients) this.attach(own.server, options);
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
    const { node, onClose } = this.parts;
    const { admission, clock } = node.ports;
    const startMs = clock.nowMs();
    admission.leave();
    const waitMs = Math.min(delayMs, deadlineMs * 0.5);
    if (waitMs > 0) await pause(clock, waitMs);
    admission.drain();
    for (const own of this.#listening) own.drain();
    // The port stays open meanwhile, so that load balancers see that the node is not ready any more (F12). Some time is
    // left for the last closing handshakes.
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
    const { node } = this.parts;
    const sessions = node.ports.sessions.all();
    const needed = clientsPerSecOf(sessions.length, pace);
    if (pace.clientsPerSec !== undefined && needed > pace.clientsPerSec) {
      node.ports.log.warn(
        { clients: sessions.length, clientsPerSec: Math.ceil(needed), wanted: pace.clientsPerSec },
        'clients are disconnected faster than shutdown.clientsPerSec, to meet the deadline',
      );
    }
    const beganMs = node.ports.clock.nowMs();
    await closePaced(sessions, node.ports, pace);
    if (sessions.length === 0) return;
    const ms = Math.round(node.ports.clock.nowMs() - beganMs);
    node.ports.log.info({ clients: sessions.length, ms }, 'all clients have been told to connect elsewhere');
  }

  /**
   * Wraps the handler of every request. A node that is shutting down keeps no connection alive, since the next request
   * would find it closed.
   */
  #answering(handle: RequestHandler): RequestHandler {
    return (request, response) => {
      const fault = findHostFault(request);
      if (fault !== undefined) {
        const peer = this.parts.proxies.clientAddress(request);
        this.parts.node.ports.refusals.tell({
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
      if (this.parts.node.ports.admission.isLeaving && request.httpVersionMajor < 2)
        response.setHeader('Connection', 'close');
      handle(request, response);
    };
  }

  /** Waits for polling clients, which still have to be told to reconnect elsewhere. */
  async #settled(deadlineMs: number): Promise<void> {
    const { node, transports } = this.parts;
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = node.ports.clock.schedule(resolve, deadlineMs);
    });
    await Promise.race([late, Promise.all(transports.map((transport) => transport.settled?.()))]);
    cancel();
  }

  /** For a server without clients. */
  #ignoreUpgrades(server: AnyHttpServer): void {
    server.on('upgrade', () => undefined);
    intercept(server, {
      findHandler: () => undefined,
      findUpgrade: (request) => (hasTooManyHeaders(request) ? this.#refusals.tooManyHeaders : 'ignored'),
    });
  }

  #upgradePaths(): string[] {
    return [...this.#endpoints.values()].flatMap(({ path, upgrade }) => (upgrade === undefined ? [] : [path]));
  }

  /** Cuts all connections that are still open. */
  #cutAll(): void {
    for (const transport of this.parts.transports) transport.terminateAll();
    for (const own of this.#listening) own.cut();
  }
}

/** Whether nobody else listens to upgrades. */
function isLeftToFanfare(server: AnyHttpServer): boolean {
  return server.listeners('upgrade').every((listener) => isFanfares in listener);
}
