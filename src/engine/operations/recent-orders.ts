/**
 * The orders of the last minutes that ended or changed connections and subscriptions. A node that could not be reached
 * asks for them when it can be reached again, and carries them out (G9).
 */

import type { Clock } from '../ports/clock.js';
import type { Order } from './order.js';

/** Longer than a node that is cut off can keep a connection that is of any use. */
const rememberedMs = 300_000;

/** Beyond that, the oldest is forgotten. */
const maxRemembered = 1_000;

export class RecentOrders {
  /** By id, oldest first. */
  readonly #recent = new Map<string, { readonly order: Order; readonly atMs: number }>();

  constructor(private readonly clock: Clock) {}

  /**
   * @param agoMs age of the order; not its time, since the clocks of nodes differ
   * @returns false if the order is known, and so was carried out already
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

  /** In the form that other nodes get. */
  all(): { readonly id: string; readonly agoMs: number; readonly order: Order['told'] }[] {
    const nowMs = this.clock.nowMs();
    return [...this.#recent].flatMap(([id, { order, atMs }]) =>
      nowMs - atMs <= rememberedMs ? [{ id, order: order.told, agoMs: nowMs - atMs }] : [],
    );
  }
}
