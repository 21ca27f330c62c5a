/** What a worker and the process that has started it say to each other. Both are of one program. */

import type { ServerAddresses } from '../server/from-config.js';

export const stopMessage = { kind: 'stop' };

/** The worker listens. */
export function announceToPrimary(addresses: ServerAddresses): void {
  process.send?.({ kind: 'listening', addresses });
}

/** Where a worker says that it listens, if it does. */
export function addressesIn(message: unknown): ServerAddresses | undefined {
  if (!isOfKind(message, 'listening') || !('addresses' in message)) return undefined;
  // safe: the worker is of this program
  return message.addresses as ServerAddresses;
}

/**
 * A worker takes no signals: a terminal sends them to the whole group, and systemd to the whole unit, so that it would get
 * each of them twice, and twice means at once.
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

function isOfKind(message: unknown, kind: string): message is { readonly kind: string } {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === kind;
}
