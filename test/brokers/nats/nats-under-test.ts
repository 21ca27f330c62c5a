/** A broker over NATS as the suite wants it: time can pass for it, and what it cannot do has a reason. */

import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import type { NatsOptions } from '../../../src/brokers/nats/options.js';
import { versionClaimNames } from '../../../src/conformance/broker-version-claims.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { systemClock, systemRandom } from '../../../src/server/system-ports.js';
import type { NatsServer } from '../../support/brokers/nats-server.js';

export const ports = { clock: systemClock, random: systemRandom, log: silentLogger };

/** @param server one that takes part */
export function natsUnderTest(server: NatsServer | undefined, options: NatsOptions & { readonly prefix: string }) {
  let passedMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + passedMs };
  const broker = new NatsBroker(options, { ...ports, clock });
  return {
    broker,
    // Histories grow old by the broker's idea of the server's clock, keys by that clock itself.
    advance: async (ms: number) => {
      passedMs += ms;
      await server?.ageDuplicates(options.prefix, ms);
    },
    settle: () => broker.probe(),
  };
}

const reason = 'presence: its entries would have to expire one by one; the nodes ask each other instead';

export const skippedOverNats = [
  'lists who is there, and counts clients and users',
  'keeps info as the text that it was',
  'adding again renews and replaces',
  'removing takes out one client, once',
  'an entry that is not renewed is gone after its time',
]
  .map((name) => ({ test: name, reason }))
  .concat(versionClaimNames.map((name) => ({ test: name, reason: 'versions: none are compared' })));
