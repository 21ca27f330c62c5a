/** Orders of operators: clients are disconnected, users are blocked and let in again, and what is acknowledged has its effect (G9). */

import { FanfareError } from '../../../src/model/fanfare-error.js';
import type { Action } from '../plan/plan.js';
import type { SimClient } from './sim-client.js';
import type { SimNode } from './sim-node.js';
import type { SimWorld } from './sim-world.js';

/** An order has its effect by then, or the checker has said that it had not (G9). */
const orderSettlesMs = 7_000;
/** So much later, nodes that were cut off may learn of an order that nobody has acknowledged. */
const unsettledMs = 30_000;
/** Longer than a node takes to answer an operator. */
const answerLimitMs = 10_000;
/** How often it is looked whether an order has had its effect. */
const effectEveryMs = 250;

export class Orders {
  constructor(private readonly world: SimWorld) {}

  /** A node has the client disconnected, which comes again after a while. */
  async disconnect({ client, awayMs, via }: Extract<Action, { kind: 'order' }>): Promise<void> {
    const { clients, time } = this.world;
    const one = clients[client];
    const connection = one?.connection;
    const told = this.#nodeFor(via);
    if (one === undefined || connection === undefined || told === undefined) return;
    this.world.grounds.expectClose(one);
    const order = told.node.operations.disconnect({ user: one.user, client: connection });
    if (await this.#isAcknowledged(order)) {
      const isKnownAt = ({ node }: SimNode) => JSON.stringify(node.ports.recentOrders.all()).includes(connection);
      this.#ordered(one.name, connection, told, isKnownAt);
    } else this.world.grounds.expectClose(one, unsettledMs);
    time.schedule(() => one.again(), orderSettlesMs + awayMs);
  }

  /** A node blocks the user and has its clients disconnected; after a while the user is let in again. */
  async revoke({ user, lastsMs, via }: Extract<Action, { kind: 'revoke' }>): Promise<void> {
    const { clients, time } = this.world;
    const name = `u${user + 1}`;
    const own = clients.filter((one) => one.user === name);
    const told = this.#nodeFor(via);
    if (own.length === 0 || told === undefined) return;
    const connected = own.flatMap(({ name: subscriber, connection }) =>
      connection === undefined ? [] : [{ subscriber, connection }],
    );
    for (const one of own) this.world.grounds.expectClose(one, lastsMs + orderSettlesMs);
    if (await this.#isAcknowledged(told.node.operations.revoke({ kind: 'user', user: name }))) {
      const isKnownAt = ({ node }: SimNode) =>
        node.ports.revocations.all().some((one) => one.kind === 'user' && one.user === name);
      for (const { subscriber, connection } of connected) this.#ordered(subscriber, connection, told, isKnownAt);
      this.world.grounds.blocked(name);
    } else for (const one of own) this.world.grounds.expectClose(one, unsettledMs);
    time.schedule(() => void this.#unblock(name, own), lastsMs + orderSettlesMs);
  }

  /** Only what is acknowledged must have its effect; a node that is cut off or closes refuses, and any other error is a fault. */
  #isAcknowledged(order: Promise<void>): Promise<boolean> {
    const { time } = this.world;
    return new Promise((resolve) => {
      // A node that is killed answers nothing.
      const cancel = time.schedule(() => resolve(false), answerLimitMs);
      const settle = (isMade: boolean) => {
        cancel();
        resolve(isMade);
      };
      order.then(
        () => settle(true),
        (error: unknown) => {
          const isRefused = error instanceof FanfareError && ['ERR_BROKER', 'ERR_CLOSED'].includes(error.code);
          if (!isRefused) this.world.report('crash', `an order fails: ${String(error)}`);
          settle(false);
        },
      );
    });
  }

  /**
   * Its effect is the end of the connection on its node; a client that hears nothing may know of it later. If that node has been
   * cut off since, the order waits for it at the others, as long as any of those lives that know of it.
   */
  #ordered(subscriber: string, connection: string, told: SimNode, isKnownAt: (node: SimNode) => boolean): void {
    const { record, fleet, time, grounds } = this.world;
    const orderedMs = time.nowMs;
    record({ kind: 'disconnect-ordered', subscriber, connection });
    const look = () => {
      const isForgotten =
        !told.process.isAlive && grounds.mayMiss(subscriber, orderedMs) && !fleet.alive.some(isKnownAt);
      if (fleet.has(connection) && !isForgotten) time.schedule(look, effectEveryMs);
      else record({ kind: 'connection-ended', subscriber, connection });
    };
    look();
  }

  /** The node that an operator tells something. `undefined`: it does not answer. */
  #nodeFor(via: number | undefined): SimNode | undefined {
    const { fleet, random } = this.world;
    const answering = fleet.up.filter(({ process }) => !process.isPaused);
    if (via === undefined) return answering.length === 0 ? undefined : random.pick(answering);
    return answering.find((node) => node === fleet.places[via]?.current);
  }

  async #unblock(user: string, own: readonly SimClient[]): Promise<void> {
    const { time } = this.world;
    const told = this.#nodeFor(undefined);
    this.world.grounds.unblocked(user);
    if (told === undefined || !(await this.#isAcknowledged(told.node.operations.unblock(user)))) {
      time.schedule(() => void this.#unblock(user, own), 1_000);
      return;
    }
    for (const one of own) {
      this.world.grounds.expectClose(one, orderSettlesMs);
      one.again();
      // Another node may not have heard of it yet.
      time.schedule(() => one.again(), orderSettlesMs);
    }
  }
}
