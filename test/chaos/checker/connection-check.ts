/** Clients of killed nodes are soon elsewhere (F1), orders to disconnect have their effect (G9), health is true (G10). */

import type { ConnectionEvent, FaultEvent, ViewEvent, Violation } from '../history.js';
import type { Faults } from './faults.js';
import type { CheckerLimits } from './limits.js';

interface Client {
  connection: string | undefined;
  node: string | undefined;
  /** When its connection, or the one before, began. */
  connectedMs: number;
  /** Without a connection since then. */
  awaySinceMs: number;
  /** Its node was killed then, and it has not been connected since. */
  orphanedMs: number | undefined;
  isFinal: boolean;
}

interface Order {
  readonly subscriber: string;
  readonly connection: string;
  readonly orderedMs: number;
}

export class ConnectionCheck {
  readonly #clients = new Map<string, Client>();
  #orders: Order[] = [];
  /** Longest that a client of a killed node took to be connected elsewhere. */
  longestAwayMs = 0;

  constructor(
    private readonly faults: Faults,
    private readonly limits: CheckerLimits,
    private readonly report: (line: Violation['line'], atMs: number, text: string) => void,
  ) {}

  nodeOf(subscriber: string): string | undefined {
    return this.#clients.get(subscriber)?.node;
  }

  connectionOf(subscriber: string): string | undefined {
    return this.#clients.get(subscriber)?.connection;
  }

  /** When its connection, or the one before if it has none, began. */
  connectedMs(subscriber: string): number {
    return this.#clients.get(subscriber)?.connectedMs ?? 0;
  }

  /** It has ended for good. */
  isGone(subscriber: string): boolean {
    return this.#clients.get(subscriber)?.isFinal === true;
  }

  observe(event: ConnectionEvent & { readonly atMs: number }): void {
    const { subscriber, atMs } = event;
    const client = this.#client(subscriber, atMs);
    switch (event.kind) {
      case 'connected':
        if (client.orphanedMs !== undefined)
          this.longestAwayMs = Math.max(this.longestAwayMs, atMs - client.orphanedMs);
        Object.assign(client, {
          connection: event.connection,
          node: event.node,
          connectedMs: atMs,
          orphanedMs: undefined,
          isFinal: false,
        });
        return;
      case 'disconnected':
        if (client.connection !== undefined) client.awaySinceMs = atMs;
        client.connection = undefined;
        client.isFinal = event.isFinal;
        if (event.isFinal) client.orphanedMs = undefined;
        return;
      case 'disconnect-ordered':
        this.#orders.push({ subscriber, connection: event.connection, orderedMs: atMs });
        return;
      case 'connection-ended':
        this.#orders = this.#orders.filter(({ connection }) => connection !== event.connection);
        return;
    }
  }

  faultBegan({ effects, atMs }: Extract<FaultEvent, { kind: 'fault-began' }> & { readonly atMs: number }): void {
    for (const client of this.#clients.values()) {
      if (client.node === undefined || client.isFinal) continue;
      if (effects.kills?.includes(client.node) === true) client.orphanedMs ??= atMs;
    }
  }

  viewed({
    node,
    isReady,
    isLive,
    atMs,
  }: Extract<ViewEvent, { kind: 'health-view' }> & { readonly atMs: number }): void {
    const { readinessMs, slackMs } = this.limits;
    const sinceMs = atMs - readinessMs - slackMs;
    const isAbout = (nodes: readonly string[] | undefined) => nodes?.includes(node) === true;
    const wasCutAllTheTime = [...this.faults.between(sinceMs, atMs)].some(
      ({ effects, beganMs, endedMs }) => isAbout(effects.cuts) && beganMs < sinceMs && endedMs === undefined,
    );
    if (isReady && wasCutAllTheTime) {
      this.report('G10', atMs, `${node} says that it is ready, ${readinessMs} ms after its way to the broker was cut`);
    }
    const wasWell = !this.faults.any(sinceMs, atMs, ({ cuts, kills, silences, stopsBroker, losesHistory, starves }) => {
      // A broker whose streams are deleted refuses publications until they are there again.
      const isBrokerGone = stopsBroker === true || losesHistory === 'all';
      return isAbout(cuts) || isAbout(kills) || isAbout(silences) || isBrokerGone || starves === true;
    });
    if (!isReady && wasWell) this.report('G10', atMs, `${node} says that it is not ready, and nothing is wrong`);
    const mayBeDead = this.faults.any(sinceMs, atMs, ({ kills, silences }) => isAbout(kills) || isAbout(silences));
    if (!isLive && !mayBeDead) this.report('G10', atMs, `${node} is not live`);
  }

  check(nowMs: number): void {
    const { survivorMs, slackMs, revocationMs } = this.limits;
    for (const [subscriber, client] of this.#clients) {
      if (client.orphanedMs === undefined || nowMs - client.orphanedMs <= survivorMs + slackMs) continue;
      this.report('F1', nowMs, `${subscriber} is not connected ${survivorMs} ms after ${client.node} was killed`);
      client.orphanedMs = undefined;
    }
    this.#orders = this.#orders.filter((order) => {
      if (this.#clients.get(order.subscriber)?.connection !== order.connection) return false;
      const healedMs = this.faults.lastMoment(order.orderedMs, nowMs, ({ cuts, silences, stopsBroker }) => {
        return cuts !== undefined || silences !== undefined || stopsBroker === true;
      });
      if (nowMs - Math.max(order.orderedMs, healedMs ?? 0) <= revocationMs + slackMs) return true;
      this.report('G9', nowMs, `${order.subscriber} was to be disconnected and is still connected`);
      return false;
    });
  }

  checkSettled(nowMs: number): void {
    for (const [subscriber, client] of this.#clients) {
      const { connection, isFinal, awaySinceMs } = client;
      // Whoever is just coming needs a moment.
      if (connection === undefined && !isFinal && nowMs - awaySinceMs > this.limits.survivorMs) {
        this.report('G2', nowMs, `${subscriber} is not connected again, though nothing is wrong any more`);
      }
    }
  }

  #client(subscriber: string, nowMs: number): Client {
    const known = this.#clients.get(subscriber);
    if (known !== undefined) return known;
    const made: Client = {
      connection: undefined,
      node: undefined,
      connectedMs: 0,
      awaySinceMs: nowMs,
      orphanedMs: undefined,
      isFinal: false,
    };
    this.#clients.set(subscriber, made);
    return made;
  }
}
