/**
 * What was lately done away with on all nodes: connections, subscriptions, their time. A node that could not be reached
 * meanwhile asks for it when it can be reached again, and follows (G9).
 */

import type { Clock } from '../ports/clock.js';
import type { Order } from './order.js';

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

  /**
   * @param agoMs how long ago it was given: the clocks of nodes differ, ages do not
   * @returns false when it is known already, and followed therefore
   */
  add(id: string, order: Order, agoMs: number): boolean {
    if (!order.isLasting) return true;
    const nowMs = this.clock.nowMs();
    for (const [key, { atMs }] of this.#recent) {
      if (this.#recent.size < maxRemembered && nowMs - atMs <= rememberedMs) break;
      this.#recent.delete(key);
    }
    if (this.#recent.has(id)) return false;
    this.#recent.set(id, { order, atMs: nowMs - agoMs });
    return true;
  }

  /** As another node is told them. */
  all(): { readonly id: string; readonly agoMs: number; readonly order: Order['told'] }[] {
    const nowMs = this.clock.nowMs();
    return [...this.#recent].flatMap(([id, { order, atMs }]) =>
      nowMs - atMs <= rememberedMs ? [{ id, order: order.told, agoMs: nowMs - atMs }] : [],
    );
  }
}
