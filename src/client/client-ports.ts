/** Time, randomness and the state of the network, as ports of the client. */

import type { Clock, Random } from '../engine/ports/clock.js';

export interface ClientPorts {
  readonly clock: Omit<Clock, 'afterTurn'>;
  readonly random: Pick<Random, 'unit'>;
  /** Whether the machine reports that it has no network. */
  isOffline(): boolean;
  /** Calls the listener when the network is back; returns a function that removes it. */
  onOnline(listener: () => void): () => void;
}

export const systemPorts: ClientPorts = {
  clock: {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    schedule(task, delayMs) {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  },
  random: { unit: () => Math.random() },
  isOffline: () => globalThis.navigator?.onLine === false,
  onOnline(listener) {
    globalThis.addEventListener?.('online', listener);
    return () => globalThis.removeEventListener?.('online', listener);
  },
};
