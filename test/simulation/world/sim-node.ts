/** One node of a simulated fleet: the real engine and the real HTTP transports on simulated ports, in a process of its own. */

import { Node } from '../../../src/engine/node.js';
import type { Random } from '../../../src/engine/ports/clock.js';
import type { Connection } from '../../../src/engine/ports/connection.js';
import type { EngineLimits } from '../../../src/engine/ports/limits.js';
import type { Logger } from '../../../src/engine/ports/logger.js';
import type { Session } from '../../../src/engine/sessions/session.js';
import type { HttpExchange } from '../../../src/http/exchange.js';
import { clientTransports } from '../../../src/server/client-transports.js';
import { closePaced } from '../../../src/server/shutdown.js';
import { ClientGate } from '../../../src/transports/client-gate.js';
import { OriginPolicy } from '../../../src/transports/origin-policy.js';
import type { Transport } from '../../../src/transports/transport.js';
import { TrustedProxies } from '../../../src/transports/trusted-proxies.js';
import type { SeededRandom } from '../../chaos/seeded-random.js';
import type { HttpListener } from '../network/sim-http.js';
import type { SimListener } from '../network/sim-websocket.js';
import type { BrokerServer } from '../servers/broker-server.js';
import type { SimProcess } from '../time/sim-process.js';
import { claimedAuth } from './claimed-auth.js';
import { channelsFor } from './rules.js';

export interface SimNodeOptions {
  readonly name: string;
  readonly process: SimProcess;
  readonly server: BrokerServer;
  readonly random: SeededRandom;
  readonly limits: Partial<EngineLimits>;
  readonly log: Logger;
}

const path = '/connection/websocket';
/** As a deploy has it: the paced closing, and then the broker. */
const leaveMs = 4_000;
const closeDeadlineMs = 2_000;

export class SimNode implements SimListener, HttpListener {
  readonly name: string;
  readonly process: SimProcess;
  readonly node: Node;
  readonly #gate: ClientGate;
  readonly #handlers: ReadonlyMap<string, (exchange: HttpExchange) => void>;
  readonly #transports: readonly Transport[];
  /** Whether it has connected to its broker. */
  isStarted = false;

  constructor({ name, process, server, random, limits, log }: SimNodeOptions) {
    this.name = name;
    this.process = process;
    const channels = channelsFor(server);
    const ids = seededIds(random);
    this.node = new Node({
      clock: process,
      random: ids,
      broker: server.broker(process, { clock: process, random: ids, log }),
      auth: claimedAuth(process),
      channels,
      procedures: new Map(),
      observer: undefined,
      log,
      limits,
      version: 'simulated',
    });
    const { ports } = this.node;
    const proxies = new TrustedProxies([]);
    this.#gate = new ClientGate(ports, { origins: new OriginPolicy({ origins: [] }), proxies });
    this.#transports = clientTransports(ports, this.#gate, { path, transports: {}, channels });
    const endpoints = this.#transports.flatMap((transport) => transport.endpoints);
    this.#handlers = new Map(
      endpoints.flatMap((endpoint) => {
        const { handle } = endpoint;
        return handle === undefined
          ? []
          : [[endpoint.path, (exchange: HttpExchange) => handle.call(endpoint, exchange)]];
      }),
    );
  }

  /** A load balancer sends clients there. */
  get isUp(): boolean {
    return this.process.isAlive && this.isStarted && !this.node.ports.admission.isLeaving;
  }

  get isReady(): boolean {
    const { admission, brokerHealth } = this.node.ports;
    return !admission.isLeaving && brokerHealth.isDelivering && brokerHealth.isKeeping;
  }

  async start(): Promise<void> {
    await this.node.start();
    this.isStarted = true;
  }

  /** As SIGTERM has it: readiness first, then its clients one by one, then itself. */
  async leave(): Promise<void> {
    const { ports } = this.node;
    ports.admission.leave();
    ports.admission.drain();
    await closePaced([...ports.sessions.all()], ports, { withinMs: leaveMs });
    await this.node.close(closeDeadlineMs);
    for (const transport of this.#transports) transport.terminateAll();
  }

  openSocket(connection: Connection, client: string): Session | undefined {
    const head = {
      method: 'GET',
      url: path,
      headers: { host: `${client}.sim` },
      rawHeaders: [],
      ...{ httpVersion: '1.1', httpVersionMajor: 1, socket: { remoteAddress: '192.0.2.1' } },
    };
    const refusal = this.#gate.findClosing() ?? this.#gate.findFull(head);
    return refusal === undefined ? this.node.ports.open(connection, this.#gate.handshakeOf(head)) : undefined;
  }

  handlerOf(path: string): ((exchange: HttpExchange) => void) | undefined {
    return this.#handlers.get(path);
  }
}

const idAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Unpredictable for the engine, and the same for the same seed. */
function seededIds(random: SeededRandom): Random {
  return {
    id: () => Array.from({ length: 20 }, () => idAlphabet[random.below(idAlphabet.length)]).join(''),
    unit: () => random.unit(),
  };
}
