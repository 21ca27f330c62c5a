/**
 * One visit of a connection: its session, read back into a node of its own, with everything that a server checks; and, in
 * the end, written again. Whoever makes one has the connection's lease.
 */

import type { Node } from '../engine/node.js';
import type { Clock } from '../engine/ports/clock.js';
import type { Session } from '../engine/sessions/session.js';
import { readSession, writeSession } from '../engine/sessions/session-record.js';
import { disconnectCodes } from '../model/codes.js';
import { defined } from '../model/defined.js';
import type { AppEngine } from '../server/app-engine.js';
import {
  type ConnectionState,
  entriesBeyond,
  type IndexEntry,
  indexEntriesOf,
  indexEntriesOfIdentity,
  readHandshake,
  writtenHandshake,
} from './connection-state.js';
import type { Delivery, StreamDelivery } from './delivery.js';
import { findableAuth } from './findable-auth.js';
import type { FunctionPorts } from './function-ports.js';
import { GatewayConnection } from './gateway-connection.js';
import { VisitBroker } from './visit-broker.js';
import { VisitClock } from './visit-clock.js';

/** What a visit is made with. */
export interface VisitOptions {
  readonly id: string;
  readonly before: ConnectionState;
  /** Publications that it brings along. */
  readonly brought: readonly StreamDelivery[];
  leaseEndsAtMs(): number;
  /** Notes a channel that the session is about to be in. */
  intend(channel: string): Promise<void>;
}

/** How a connection is left. */
export interface Left {
  /** Absent: it has ended. */
  readonly state: ConnectionState | undefined;
  /** The client does not know that yet. */
  readonly isUntold: boolean;
  /** Under which it has to be found, and no longer. */
  readonly added: readonly IndexEntry[];
  readonly removed: readonly IndexEntry[];
  readonly forOthers: readonly Delivery[];
  /** What waits for the end of the visit. */
  readonly afterwards: readonly (() => Promise<void>)[];
}

/** Notified while a session is read back: of nothing. Still an observer, for which sessions keep their handshake. */
const nobody = {};

export class Visit {
  /** Of the connection. */
  readonly id: string;
  readonly node: Node;
  readonly session: Session;
  readonly #before: ConnectionState;
  readonly #engine: AppEngine;
  readonly #broker: VisitBroker;
  readonly #clock: VisitClock;
  readonly #connection: GatewayConnection;
  readonly #afterwards: (() => Promise<void>)[] = [];
  /** Under which it was put in this visit, besides channels. */
  readonly #found: IndexEntry[] = [];
  #pingedAtMs: number;
  #checkedAtMs: number | undefined;
  #isOver = false;

  constructor({ engine, store, limits, revocations, gateway }: FunctionPorts, options: VisitOptions) {
    const { id, before, brought, leaseEndsAtMs, intend } = options;
    const { clock, random, observer } = engine;
    this.id = id;
    this.#engine = engine;
    this.#before = before;
    this.#pingedAtMs = before.pingedAtMs;
    this.#checkedAtMs = before.checkedAtMs;
    this.#clock = new VisitClock(clock);
    this.#broker = new VisitBroker({
      store,
      clock,
      random,
      id,
      brought,
      intend,
      position: (channel) => this.node.ports.hub.position(channel),
      has: (channel) => this.node.ports.hub.has(channel),
    });
    // Whoever knows that they are in can be sent away, on whatever function that happens.
    const auth = findableAuth(engine.auth, async (identity) => {
      const entries = indexEntriesOfIdentity(identity);
      this.#found.push(...entries);
      await Promise.all(entries.map(({ kind, name }) => store.index.add(kind, name, id)));
    });
    this.node = engine.makeNode({ auth, clock: this.#clock, broker: this.#broker, limits, revocations });
    // The sweep does: a visit that takes long is no reason for a message.
    this.node.ports.pings.stop();
    if (observer !== undefined) this.node.ports.notifier.observer = nobody;
    this.#connection = new GatewayConnection({ gateway, clock, endpoint: before.endpoint, id, leaseEndsAtMs });
    this.session = this.node.ports.open(this.#connection, readHandshake(before.handshake), before.client);
  }

  /** Goes on where the last visit has ended, with what has been published in the channels that it brings along. */
  async resume(): Promise<void> {
    const { node, session } = this;
    const { phase, session: record } = this.#before;
    await this.#broker.start(node.ports.hub);
    if (phase === 'refused') {
      session.begin();
      session.refused();
    } else if (record !== undefined) {
      await this.#broker.resuming(() => readSession(node.ports, session, record));
    }
    const { observer } = this.#engine;
    if (observer !== undefined) node.ports.notifier.observer = observer;
  }

  /** Whether it has been written, so that nothing counts any more that is done with the session. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The application publishes while it works for the session: for that, and for others when it is done. */
  deliver(delivery: Delivery): Promise<void> {
    return this.#broker.deliver(delivery);
  }

  /** Two visits must not wait for each other: done when this one is over. */
  afterwards(work: () => Promise<void>): void {
    this.#afterwards.push(work);
  }

  /** What nobody can read anywhere. */
  hear(delivery: Delivery): void {
    const { hub } = this.node.ports;
    if (delivery.kind === 'publication') hub.onPublication(delivery.channel, delivery.publication, '');
    else if (delivery.kind === 'join') hub.onJoin(delivery.channel, delivery.info);
    else if (delivery.kind === 'leave') hub.onLeave(delivery.channel, delivery.info);
  }

  /** Sends a ping, and keeps the session's entries in presence from expiring. */
  ping(): void {
    this.#pingedAtMs = this.#checkedAtMs = this.#engine.clock.wallMs();
    this.session.onPingDue();
  }

  /** Keeps the session's entries in presence from expiring. */
  renewPresence(): void {
    this.#checkedAtMs = this.#engine.clock.wallMs();
    for (const subscription of this.session.subscriptions) {
      if (subscription.isEstablished) void this.node.ports.presence.renew(subscription);
    }
  }

  /** Nobody knows what the client has got: it has to come back, and goes on from what it has. */
  sendBack(): void {
    this.session.close(disconnectCodes.insufficientState, 'a function that was working for it has not finished');
  }

  /** Waits for everything that the visit has begun, and takes the session out of its node. */
  async end(): Promise<Left> {
    await this.#settled();
    const written = this.#written();
    await this.#connection.sent();
    const { fate } = this.#connection;
    const isBroken = fate === 'gone' || fate === 'lost';
    if (isBroken) {
      // Others see it leave.
      this.session.connectionClosed();
      await this.#settled();
    }
    const state = isBroken ? undefined : written;
    this.#isOver = true;
    const before = indexEntriesOf(this.#before);
    const after = state === undefined ? [] : indexEntriesOf(state);
    const subscribed = [...this.#broker.subscribed].map((name) => ({ kind: 'channel', name }) as const);
    const known = [...before, ...subscribed, ...this.#found];
    return {
      state,
      isUntold: fate === 'lost',
      added: entriesBeyond(after, known),
      removed: entriesBeyond(known, after),
      forOthers: this.#broker.forOthers,
      afterwards: this.#afterwards,
    };
  }

  /** Nothing that it has scheduled happens any more. Idempotent. */
  close(): void {
    this.#isOver = true;
    this.#clock.close();
  }

  /** Until nothing is in progress any more: commands, calls of the store that nobody waits for, notifications. */
  async #settled(): Promise<void> {
    do {
      await this.session.whenIdle();
      await endOfTurn(this.#engine.clock);
      this.node.ports.turn.flush();
    } while (await this.#broker.settled());
  }

  #written(): ConnectionState | undefined {
    const { session, node } = this;
    const { endpoint, client, beganAtMs, phase } = this.#before;
    if (session.is('closed')) return undefined;
    const record = writeSession(node.ports, session);
    const wallMs = this.#engine.clock.wallMs();
    return {
      endpoint,
      client,
      beganAtMs,
      handshake: writtenHandshake(session.handshake),
      phase: record !== undefined ? 'connected' : session.is('refused') ? 'refused' : 'new',
      pingedAtMs: record !== undefined && phase !== 'connected' ? wallMs : this.#pingedAtMs,
      ...defined({ session: record, checkedAtMs: this.#checkedAtMs }),
    };
  }
}

function endOfTurn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.afterTurn(resolve));
}
