/** Makes clients for the current server of an address. */

import * as v from 'valibot';
import type { Clock } from '../../engine/ports/clock.js';
import { defined } from '../../model/defined.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Endpoint } from '../server-address.js';
import type { Address } from './address.js';
import type { Client, Library } from './client-library.js';
import { endpointName } from './cluster-view.js';
import { Sentinels } from './sentinels.js';

const roleAnswer = v.looseTuple([v.string()]);

export interface Dialer {
  /** A client that is not connected yet and leaves reconnecting to its link. */
  dial(): Promise<Client>;
  /** @throws when the connected server does not answer, or is not, or no longer, the right one */
  verify(client: Client): Promise<void>;
}

interface DialerPorts {
  readonly load: () => Promise<Library>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export function dialer(address: Address, ports: DialerPorts): Dialer {
  const { username, password, database, tls, primary } = address;
  const { load, timeoutMs } = ports;
  const clientFor = async ({ host, port }: Endpoint): Promise<Client> => {
    const { createClient } = await load();
    return createClient({
      socket: { host, port, connectTimeout: timeoutMs, reconnectStrategy: false, ...(tls && { tls }) },
      ...defined({ username, password }),
      database,
      disableOfflineQueue: true,
      // The link replaces silent connections and fails their commands; a timer for each command would cost more than
      // sending it.
      commandOptions: { timeout: 0 },
    });
  };
  if (primary === undefined) {
    return { dial: () => clientFor(address.endpoints[0]), verify: async (client) => void (await client.ping()) };
  }
  const sentinels = new Sentinels({
    endpoints: address.endpoints,
    name: primary,
    tls,
    load,
    limitMs: timeoutMs / 2,
    clock: ports.clock,
  });
  const dialled = new WeakMap<Client, Endpoint>();
  return {
    dial: async () => {
      const endpoint = await sentinels.primary();
      const client = await clientFor(endpoint);
      dialled.set(client, endpoint);
      return client;
    },
    verify: async (client) => {
      const [role] = v.parse(roleAnswer, await client.sendCommand(['ROLE']));
      // During a fail-over, sentinels may still name the old primary, which may already be a replica.
      if (role !== 'master') throw new FanfareError('ERR_BROKER', `${primary} is a ${role}, not the primary`);
      // A server that was suspended or cut off may not know yet that it is no longer the primary.
      const known = dialled.get(client);
      const named = await sentinels.primary().catch(() => known);
      if (known === undefined || named === undefined || endpointName(known) === endpointName(named)) return;
      throw new FanfareError('ERR_BROKER', `the sentinels call another server ${primary} by now`);
    },
  };
}
