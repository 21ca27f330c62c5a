/** The faults of a history, each with its time and what it may do. */

import type { FaultEffects, FaultEvent } from '../history.js';

export interface Fault {
  readonly name: string;
  readonly effects: FaultEffects;
  readonly beganMs: number;
  endedMs: number | undefined;
}

export class Faults {
  readonly #byId = new Map<string, Fault>();

  observe(event: FaultEvent & { readonly atMs: number }): void {
    if (event.kind === 'fault-began') {
      const { name, effects, atMs } = event;
      this.#byId.set(event.fault, { name, effects, beganMs: atMs, endedMs: undefined });
      return;
    }
    const fault = this.#byId.get(event.fault);
    if (fault !== undefined) fault.endedMs = event.atMs;
  }

  /** Those that were there at some time between the two, ends included. */
  *between(fromMs: number, toMs: number): IterableIterator<Fault> {
    for (const fault of this.#byId.values()) {
      if (fault.beganMs <= toMs && (fault.endedMs ?? Number.POSITIVE_INFINITY) >= fromMs) yield fault;
    }
  }

  any(fromMs: number, toMs: number, matches: (effects: FaultEffects) => boolean): boolean {
    for (const { effects } of this.between(fromMs, toMs)) if (matches(effects)) return true;
    return false;
  }

  /** The last moment up to `nowMs` at which such a fault was there; undefined when there was none since. */
  lastMoment(sinceMs: number, nowMs: number, matches: (effects: FaultEffects) => boolean): number | undefined {
    let last: number | undefined;
    for (const { effects, endedMs } of this.between(sinceMs, nowMs)) {
      if (matches(effects)) last = Math.max(last ?? 0, Math.min(endedMs ?? nowMs, nowMs));
    }
    return last;
  }
}
