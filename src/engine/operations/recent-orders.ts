/**
 * What was lately done away with on all nodes: connections, subscriptions, their time. A node that could not be reached
 * meanwhile asks for it when it can be reached again, and follows (G9).
 */

import type { Clock } from '../ports/clock.js';
import type { Order, ToldOrder } from './orders.js';

/** Longer than a connection whose node is cut off from the others can be good for anything. */
const rememberedMs = 300_000;

/** The oldest is forgotten first. */
const maxRemembered = 1_000;

interface Recent {
  readonly order: Order;
  readonly atMs: number;
}

export class RecentOrders {
  /** By id, oldest first. */
  readonly #recent = new Map<string, Recent>();

  constructor(private readonly clock: Clock) {}

  /** Whether it is worth remembering: what it has done is not done again by whoever comes later. */
  static isLasting(order: Order): boolean {
    return order.do === 'disconnect' || order.do === 'unsubscribe' || order.do === 'refresh';
  }

  /** @returns false when it is known already, and followed therefore */
  add({ id, order, agoMs }: ToldOrder): boolean {
    const nowMs = this.clock.nowMs();
    for (const [key, { atMs }] of this.#recent) {
      if (this.#recent.size < maxRemembered && nowMs - atMs <= rememberedMs) break;
      this.#recent.delete(key);
    }
    if (this.#recent.has(id)) return false;
    this.#recent.set(id, { order, atMs: nowMs - agoMs });
    return true;
  }

  all(): ToldOrder[] {
    const nowMs = this.clock.nowMs();
    return [...this.#recent].flatMap(([id, { order, atMs }]) =>
      nowMs - atMs <= rememberedMs ? [{ id, order, agoMs: nowMs - atMs }] : [],
    );
  }
}
