/** Pings all connections from one shared timer and finds those that do not answer. */

import type { Cancel, Clock } from '../ports/clock.js';

const tickMs = 1_000;

/** A connection on the wheel. */
export interface Pinged {
  /** Time to send a ping and to renew presence. */
  onPingDue(): void;
  /** The pong time-out after {@link onPingDue} has passed. */
  onPongDue(): void;
}

/**
 * One slot per second of the ping interval; each tick pings the connections of one slot and checks those of the slot
 * pinged one time-out ago. New connections get slots in turn, which spreads the work even after a mass reconnect.
 */
export class PingWheel {
  readonly #clock: Clock;
  readonly #slots: Set<Pinged>[];
  readonly #pongTicks: number;
  #now = 0;
  #next = 0;
  #timer: Cancel | undefined;
  #isStopped = false;
  #size = 0;

  /** An interval of 0 makes a wheel that never turns. */
  constructor(clock: Clock, intervalMs: number, pongTimeoutMs: number) {
    this.#clock = clock;
    const count = intervalMs === 0 ? 0 : Math.max(2, Math.ceil(intervalMs / tickMs));
    this.#slots = Array.from({ length: count }, () => new Set<Pinged>());
    this.#pongTicks = Math.min(count - 1, Math.max(1, Math.ceil(pongTimeoutMs / tickMs)));
  }

  /** Interval of each connection's pings. 0: no pings. */
  get intervalMs(): number {
    return this.#slots.length * tickMs;
  }

  get size(): number {
    return this.#size;
  }

  /** Returns the slot, which {@link remove} needs. */
  add(pinged: Pinged): number {
    if (this.#slots.length === 0) return -1;
    this.#next = (this.#next + 1) % this.#slots.length;
    this.#slots[this.#next]?.add(pinged);
    this.#size++;
    if (!this.#isStopped) this.#timer ??= this.#clock.schedule(this.#tick, tickMs);
    return this.#next;
  }

  remove(pinged: Pinged, slot: number): void {
    if (!this.#slots[slot]?.delete(pinged)) return;
    this.#size--;
    if (this.#size === 0) this.close();
  }

  /** From now on it does not turn: somebody else pings its connections, at the interval that they are told. */
  stop(): void {
    this.#isStopped = true;
    this.close();
  }

  close(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  readonly #tick = (): void => {
    this.#timer = this.#clock.schedule(this.#tick, tickMs);
    const count = this.#slots.length;
    this.#now = (this.#now + 1) % count;
    for (const pinged of this.#slots[this.#now] ?? []) pinged.onPingDue();
    for (const pinged of this.#slots[(this.#now + count - this.#pongTicks) % count] ?? []) pinged.onPongDue();
  };
}
