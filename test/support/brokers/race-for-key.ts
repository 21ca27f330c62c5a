/** Several brokers that change one key of a map at the same time, each on the version that it knows. */

import type { Broker } from '../../../src/engine/ports/broker.js';
import { channelName } from '../engine/channel-name.js';
import type { VersionedCall } from '../map-linear.js';
import { json } from './suites.js';

const channel = channelName('race');
const limits = { stream: { size: 100, ttlMs: 60_000 }, maxKeys: 10 };

/** Resolves when each of them has changed it so often. */
export async function raceForKey(brokers: readonly Broker[], times: number): Promise<VersionedCall[]> {
  const calls: VersionedCall[] = [];
  let now = 0;
  await Promise.all(
    brokers.map(async ({ maps }, index) => {
      let expected = 0;
      for (let made = 0; made < times; ) {
        const calledAt = now++;
        const outcome = await maps?.set(
          channel,
          { key: 'k', data: json(index) },
          { limits, expected: { version: expected } },
        );
        if (outcome === undefined) throw new Error('the broker keeps no maps');
        calls.push({ expected, calledAt, answeredAt: now++, outcome });
        expected = outcome.ok ? outcome.position.offset : outcome.version;
        if (outcome.ok) made++;
      }
    }),
  );
  return calls;
}
