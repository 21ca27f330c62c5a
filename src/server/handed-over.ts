/** Requests, upgrades and sockets that a platform hands over, where there is no server to attach to. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Node } from '../engine/node.js';
import { WebExchange } from '../http/web-exchange.js';
import { defined } from '../model/defined.js';
import type { Transport } from '../transports/transport.js';
import type { TrustedProxies } from '../transports/trusted-proxies.js';
import type { HeldSockets } from '../transports/websocket/held-sockets.js';
import type { SocketHooks } from '../transports/websocket/socket-hooks.js';
import { endsInMs, type FetchOptions, type HandoverOptions } from './handover-options.js';
import { hasTooManyHeaders } from './ignored-upgrade.js';
import { pathOf } from './router.js';
import { unservedPathLine } from './unserved-paths.js';
import { UpgradeRefusals } from './upgrade-refusals.js';

interface HandedOverParts {
  readonly node: Node;
  readonly transports: readonly Transport[];
  readonly held: HeldSockets;
  readonly proxies: TrustedProxies;
  /** Connects the node to its broker, once; clients that come before are kept waiting. */
  readonly startMeanwhile: () => void;
}

const plain = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };

export class HandedOver {
  readonly #parts: HandedOverParts;
  readonly #refusals: UpgradeRefusals;

  constructor(parts: HandedOverParts) {
    this.#parts = parts;
    const paths = this.#endpoints().flatMap(({ path, upgrade }) => (upgrade === undefined ? [] : [path]));
    this.#refusals = new UpgradeRefusals(paths, parts.proxies, parts.node.ports.refusals);
  }

  /** Rejects if the connection of the request has to be cut. */
  fetch(request: Request, { remoteAddress = '', ...options }: FetchOptions): Promise<Response> {
    const { node, proxies, startMeanwhile } = this.#parts;
    startMeanwhile();
    const exchange = new WebExchange(request, {
      remoteAddress,
      ...defined({ endsInMs: endsInMs(options, node.ports.clock) }),
    });
    const path = pathOf(exchange.head);
    const endpoint = this.#endpoints().find((each) => each.path === path);
    if (endpoint?.handle !== undefined) endpoint.handle(exchange);
    else {
      const known = this.#endpoints().flatMap((each) => (each.handle === undefined ? [] : [each.path]));
      node.ports.refusals.tell(unservedPathLine(path, known, proxies.clientAddress(exchange.head)));
      if (endpoint === undefined) exchange.answer(404, plain, 'not found\n');
      else exchange.answer(426, plain, 'this endpoint speaks WebSocket\n');
    }
    return exchange.response;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: HandoverOptions): void {
    const { node, startMeanwhile } = this.#parts;
    startMeanwhile();
    const path = pathOf(request);
    const endpoint = this.#endpoints().find((each) => each.path === path);
    if (hasTooManyHeaders(request)) this.#refusals.tooManyHeaders(request, socket);
    else if (endpoint?.upgrade === undefined) this.#refusals.unserved(request, socket);
    else {
      const ends = endsInMs(options, node.ports.clock);
      endpoint.upgrade(request, socket, head, defined({ maxConnectionMs: ends }));
    }
  }

  /** For a library that holds the sockets. */
  hooks(options: HandoverOptions): SocketHooks {
    const { node, held, startMeanwhile } = this.#parts;
    startMeanwhile();
    return held.hooks(() => endsInMs(options, node.ports.clock));
  }

  #endpoints() {
    return this.#parts.transports.flatMap(({ endpoints }) => endpoints);
  }
}
