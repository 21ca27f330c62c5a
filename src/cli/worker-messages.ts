/** Messages between a worker and the process that started it. Both run the same program. */

import type { Config } from '../config/config.js';
import type { ServerAddresses } from '../server/from-config.js';

export const stopMessage = { kind: 'stop' };

/** The worker listens. */
export function announceToPrimary(addresses: ServerAddresses): void {
  process.send?.({ kind: 'listening', addresses });
}

/** The addresses in a worker's message, if it is of this kind. */
export function addressesIn(message: unknown): ServerAddresses | undefined {
  if (!isOfKind(message, 'listening') || !('addresses' in message)) return undefined;
  // safe: the worker is of this program
  return message.addresses as ServerAddresses;
}

/**
 * A worker ignores signals: a terminal sends them to the whole group, and systemd to the whole unit, so it would get
 * each of them twice, which means "stop at once".
 */
export function onStopOfWorker(stop: () => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
  let isStopping = false;
  process.on('message', (message: unknown) => {
    if (isStopping || !isOfKind(message, 'stop')) return;
    isStopping = true;
    stop();
  });
}

/** From the starting process, about a new configuration. Only that process reads files, so all have the same. */
export type ConfigOrder =
  /** The answer to a worker that starts. */
  | { readonly kind: 'config'; readonly config: Config }
  /** Can it be applied? */
  | { readonly kind: 'config-prepare'; readonly id: number; readonly config: Config }
  /** All can. */
  | { readonly kind: 'config-apply'; readonly id: number; readonly config: Config }
  /** For the metrics, which are sums over all workers: sent to one. */
  | { readonly kind: 'config-outcome'; readonly outcome: 'ok' | 'failed' };

export type ConfigAnswer =
  | { readonly kind: 'config-wanted' }
  | { readonly kind: 'config-prepared'; readonly id: number; readonly problem?: string };

/** The configuration that is in force in all workers. */
export function configFromPrimary(): Promise<Config> {
  return new Promise((resolve) => {
    const take = (message: unknown) => {
      const order = configOrderIn(message);
      if (order?.kind !== 'config') return;
      process.off('message', take);
      resolve(order.config);
    };
    process.on('message', take);
    process.send?.({ kind: 'config-wanted' } satisfies ConfigAnswer);
  });
}

export function configOrderIn(message: unknown): ConfigOrder | undefined {
  // safe: the starting process is of this program
  return hasKind(message) && message.kind.startsWith('config') ? (message as ConfigOrder) : undefined;
}

export function configAnswerIn(message: unknown): ConfigAnswer | undefined {
  // safe: the worker is of this program
  return hasKind(message) && message.kind.startsWith('config') ? (message as ConfigAnswer) : undefined;
}

function hasKind(message: unknown): message is { readonly kind: string } {
  return typeof message === 'object' && message !== null && 'kind' in message && typeof message.kind === 'string';
}

function isOfKind(message: unknown, kind: string): message is { readonly kind: string } {
  return hasKind(message) && message.kind === kind;
}
