/** An application whose clients are served by functions: what each event of a gateway means. */

import { Revocations } from '../engine/auth/revocations.js';
import { defaultLimits, type EngineLimits, limitsWithDefaults } from '../engine/ports/limits.js';
import type { RequestHead } from '../http/request-head.js';
import { defined } from '../model/defined.js';
import { FanfareError } from '../model/fanfare-error.js';
import { decodeJsonFrame } from '../protocols/centrifugal/json-decode.js';
import type { AppEngine } from '../server/app-engine.js';
import { findForeignUpgrade } from '../transports/foreign-page.js';
import type { Refusal } from '../transports/refusal.js';
import { unspokenSubprotocol } from '../transports/unspoken-protocol.js';
import { codecOfUrl } from '../transports/websocket/codecs.js';
import { subprotocolsOf } from '../transports/websocket/upgrade.js';
import { clientIdOf, encodeState, writtenHandshake } from './connection-state.js';
import type { Delivery } from './delivery.js';
import { FanOut } from './fan-out.js';
import { PublishingBroker } from './function-broker.js';
import { FunctionOperations } from './function-operations.js';
import type { FunctionPorts } from './function-ports.js';
import type { FunctionStore } from './function-store.js';
import { defaultTimes, type FunctionTimes, presenceTtlMs, toldPingMs } from './function-times.js';
import { type Gateway, maxPostBytes } from './gateway.js';
import { StandingRevocations } from './standing-revocations.js';
import { Sweep, type SweepReport } from './sweep.js';
import { Visits } from './visits.js';

export interface FunctionHostOptions {
  readonly store: FunctionStore;
  readonly gateway: Gateway;
  /** Default: {@link defaultTimes}. */
  readonly times?: Partial<FunctionTimes> | undefined;
}

/** A connection of the gateway. */
export interface GatewayClient {
  readonly id: string;
  readonly endpoint: string;
}

/** A frame of a client. */
export interface ClientFrame {
  /** The same each time that the event is delivered. */
  readonly id: string;
  readonly data: string | Uint8Array;
}

const json = 'centrifuge-json';
const closeDeadlineMs = 1_000;

/** Counted by each function alone, so they would permit a multiple of what they say. */
const uncounted = [
  'maxConnections',
  'maxConnectionsPerAddress',
  'connectsPerSec',
  'maxConnectionsPerUser',
  'publicationsPerSec',
  'subscribesPerSec',
  'commandsPerSecPerUser',
  'publicationsPerSecPerUser',
  'subscribesPerSecPerUser',
] as const satisfies readonly (keyof EngineLimits)[];

export class FunctionHost {
  readonly #ports: FunctionPorts;
  readonly #visits: Visits;
  readonly #sweep: Sweep;
  readonly #standing: StandingRevocations;
  #started: Promise<void> | undefined;

  /** @throws FanfareError `ERR_CONFIG` for what functions cannot keep, with the reason */
  constructor(engine: AppEngine, { store, gateway, times }: FunctionHostOptions) {
    const allTimes = { ...defaultTimes, ...times };
    const revocations = new Revocations(engine.clock);
    const limits = limitsOf(engine, allTimes);
    this.#ports = { engine, store, gateway, limits, times: allTimes, revocations };
    this.#standing = new StandingRevocations(store.revocations, revocations, engine.clock);
    this.#visits = new Visits(this.#ports, (deliveries, from) => fanOut.deliver(deliveries, from));
    const fanOut = new FanOut(this.#ports, this.#visits);
    this.#sweep = new Sweep(this.#ports, this.#visits, fanOut);
    const { clock, random } = engine;
    // Whoever works for a client has its connection, which may be a subscriber.
    const deliver = (delivery: Delivery) => this.#visits.current?.deliver(delivery) ?? fanOut.deliver([delivery]);
    const broker = new PublishingBroker({ store, clock, random }, deliver);
    // Entries in presence are renewed by the sweep, and not with pings: that is no contradiction here.
    const lasting = { ...limits, presenceTtlMs: limits.pingIntervalMs * 2 };
    const node = engine.makeNode({ clock, broker, limits: lasting, revocations });
    engine.check(node);
    for (const rule of node.ports.rules) {
      if (rule.maxRate === undefined) continue;
      const why = 'has maxRate, which functions cannot keep: between two events nobody waits for the next beat';
      throw new FanfareError('ERR_CONFIG', `channel rule "${rule.pattern.text}": ${why}`);
    }
    engine.use(new FunctionOperations(node.ports, store, this.#visits, () => this.start()));
  }

  /** Connects to the store, once. Rejects with a FanfareError `ERR_BROKER`; the next call tries again. */
  start(): Promise<void> {
    const { store } = this.#ports;
    this.#started ??= store.broker.start(hearsNothing).catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#ports.store.broker.close(closeDeadlineMs);
  }

  /** A client connects. Returns the subprotocol to confirm, or why it is refused. */
  async connect(client: GatewayClient, head: RequestHead): Promise<Refusal | { readonly subprotocol?: string }> {
    const { engine, store, limits } = this.#ports;
    const refusal = this.#findRefusal(head);
    if (refusal !== undefined) {
      engine.gate.noteRefusal(head, refusal);
      return refusal;
    }
    await this.start();
    const nowMs = engine.clock.wallMs();
    const state = {
      endpoint: client.endpoint,
      client: clientIdOf(client.id, engine.random.id()),
      handshake: writtenHandshake(engine.gate.handshakeOf(head)),
      beganAtMs: nowMs,
      pingedAtMs: nowMs,
      phase: 'new',
    } as const;
    await store.connections.add(client.id, encodeState(state), nowMs + limits.connectTimeoutMs);
    return defined({ subprotocol: subprotocolsOf(head).find((offered) => offered === json) });
  }

  /** A client has sent a frame. Resolves when everything is done that follows from it. */
  async receive(client: GatewayClient, { id, data }: ClientFrame): Promise<void> {
    await this.start();
    await this.#standing.fresh();
    const outcome = await this.#visits.visit(client.id, {
      event: { id, ...commandsOf(data) },
      do: ({ session }) => session.receive(data),
    });
    // Without a state it cannot be served, and a command that nobody has handled is not answered: its client connects again.
    if (outcome.kind === 'absent' || outcome.kind === 'failed')
      await this.#ports.gateway.close(client.endpoint, client.id);
  }

  /** A connection has ended. It may be told late, twice or never. */
  async disconnected(client: GatewayClient): Promise<void> {
    await this.start();
    await this.#visits.visit(client.id, { do: ({ session }) => session.connectionClosed() });
  }

  /** To be called once a minute. @param withinMs begins nothing afterwards */
  async sweep(withinMs: number): Promise<SweepReport> {
    await this.start();
    await this.#standing.fresh();
    return this.#sweep.run(withinMs);
  }

  #findRefusal(head: RequestHead): Refusal | undefined {
    const { gate } = this.#ports.engine;
    const foreign = findForeignUpgrade(head, gate);
    if (foreign !== undefined) return foreign;
    const offered = subprotocolsOf(head);
    const asked = offered.length === 0 ? [codecOfUrl(head.url ?? '')] : offered;
    if (asked.includes(json)) return undefined;
    const message = 'the gateway carries text alone: use the JSON codec';
    return { status: 400, message, why: unspokenSubprotocol(asked, [json]) };
  }
}

const hearsNothing = {
  onPublication: () => undefined,
  onJoin: () => undefined,
  onLeave: () => undefined,
};

/** @throws FanfareError `ERR_CONFIG` */
function limitsOf({ limits: given, hasSingleConnections }: AppEngine, times: FunctionTimes): EngineLimits {
  for (const name of uncounted) {
    if ((given[name] ?? defaultLimits[name]) === 0) continue;
    throw new FanfareError('ERR_CONFIG', `limits.${name}: functions do not count together; limit the gateway instead`);
  }
  if (hasSingleConnections) {
    throw new FanfareError('ERR_CONFIG', 'personal.singleConnection: functions do not know which connection is newer');
  }
  return limitsWithDefaults({
    ...given,
    pingIntervalMs: toldPingMs(times),
    presenceTtlMs: presenceTtlMs(times),
    // What does not fit into one message of the gateway is refused, or not recovered, as what does not fit into a queue.
    maxQueueBytes: Math.min(given.maxQueueBytes ?? maxPostBytes, maxPostBytes),
  });
}

/** The ids of a frame's commands; a frame that cannot be read is refused when it is handled. */
function commandsOf(data: string | Uint8Array): { readonly firstCommand: number; readonly lastCommand: number } {
  const decoded = decodeJsonFrame(data);
  const ids = decoded.ok
    ? decoded.commands.flatMap((command) => ('id' in command && command.id > 0 ? [command.id] : []))
    : [];
  if (ids.length === 0) return { firstCommand: 0, lastCommand: 0 };
  return { firstCommand: Math.min(...ids), lastCommand: Math.max(...ids) };
}
