/** Makes clients for the server that an address leads to, wherever that is by now. */

import * as v from 'valibot';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Address, Endpoint } from './address.js';
import type { Client, Library } from './client-library.js';

const primaryAnswer = v.tuple([v.string(), v.pipe(v.string(), v.regex(/^\d{1,5}$/), v.transform(Number))]);
const roleAnswer = v.looseTuple([v.string()]);

export interface Dialer {
  /** A client that is not connected yet and leaves reconnecting to its link. */
  dial(): Promise<Client>;
  /** @throws when the connected server is not the one that was looked for */
  verify(client: Client): Promise<void>;
}

export function dialer(address: Address, load: () => Promise<Library>, timeoutMs: number): Dialer {
  const { username, password, database, tls, primary } = address;
  const clientFor = async ({ host, port }: Endpoint): Promise<Client> => {
    const { createClient } = await load();
    return createClient({
      socket: { host, port, connectTimeout: timeoutMs, reconnectStrategy: false, ...(tls && { tls }) },
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      database,
      disableOfflineQueue: true,
    });
  };
  if (primary === undefined) {
    return { dial: () => clientFor(address.endpoints[0]), verify: async () => undefined };
  }
  const sentinels = new Sentinels([...address.endpoints], primary, tls, load, timeoutMs);
  return {
    dial: async () => clientFor(await sentinels.primary()),
    verify: async (client) => {
      const [role] = v.parse(roleAnswer, await client.sendCommand(['ROLE']));
      // During a fail-over sentinels may still name the old one, which may be a replica by now.
      if (role !== 'master') throw new FanfareError('ERR_BROKER', `${primary} is a ${role}, not yet the primary`);
    },
  };
}

/** Asks sentinels in turn, the one that has answered first. */
class Sentinels {
  constructor(
    private readonly endpoints: Endpoint[],
    private readonly name: string,
    private readonly tls: boolean,
    private readonly load: () => Promise<Library>,
    private readonly timeoutMs: number,
  ) {}

  async primary(): Promise<Endpoint> {
    let cause: unknown;
    for (const endpoint of [...this.endpoints]) {
      try {
        const found = await this.#ask(endpoint);
        this.endpoints.splice(this.endpoints.indexOf(endpoint), 1);
        this.endpoints.unshift(endpoint);
        return found;
      } catch (error) {
        cause = error;
      }
    }
    throw new FanfareError('ERR_BROKER', `no sentinel knows where ${this.name} is`, { cause });
  }

  async #ask({ host, port }: Endpoint): Promise<Endpoint> {
    const { createClient } = await this.load();
    // The others have to be asked as well in the time that a link gives all of them.
    const limitMs = Math.max(200, this.timeoutMs / (this.endpoints.length + 1));
    const client = createClient({
      socket: {
        host,
        port,
        connectTimeout: limitMs,
        socketTimeout: limitMs,
        reconnectStrategy: false,
        ...(this.tls && { tls: true as const }),
      },
      disableOfflineQueue: true,
    });
    // What fails is told by the call that fails.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const answer = await client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.name]);
      const [primaryHost, primaryPort] = v.parse(primaryAnswer, answer);
      return { host: primaryHost, port: primaryPort };
    } finally {
      client.destroy();
    }
  }
}
