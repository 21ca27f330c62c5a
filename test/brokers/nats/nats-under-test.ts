/** What the suites cannot ask of a broker over NATS, and how time passes for it. */

import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import type { NatsOptions } from '../../../src/brokers/nats/options.js';
import type { NatsServer } from '../../support/brokers/nats-server.js';
import { runSuites } from '../../support/brokers/suites.js';

const skip = [
  { ability: 'presence', reason: 'presence: its entries would expire one by one; the nodes ask each other instead' },
  { ability: 'versions', reason: 'versions: none are compared' },
  { ability: 'mapRenewal', reason: 'maps: they cannot show presence' },
] as const;

/** @param server one that takes part */
export function runSuitesOver(name: string, server: () => NatsServer | undefined, options: () => NatsOptions): void {
  runSuites({
    name,
    skip,
    make: (prefix, ports) => new NatsBroker({ ...options(), prefix }, ports),
    // Histories grow old by the broker's idea of the server's clock, keys by that clock itself.
    advance: async (ms, prefix) => server()?.ageDuplicates(prefix, ms),
  });
}
