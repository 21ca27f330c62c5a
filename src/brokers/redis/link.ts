/** A link to a Redis server, with a new client for each connection. */

import { withTimeLimit } from '../../engine/time/time-limit.js';
import { Link, type Session } from '../link.js';
import type { BrokerPorts } from '../ports.js';
import type { Client } from './client-library.js';
import type { Dialer } from './dialer.js';
import { redisStates } from './states.js';

interface RedisSession extends Session {
  readonly client: Client;
}

export type RedisLink = Link<Client, RedisSession>;

interface RedisLinkOptions {
  /** For people: `commands of redis://10.0.0.1:6379`. */
  readonly name: string;
  readonly dialer: Dialer;
  /** Prepares a client that is connected; the link is up when it resolves. */
  readonly setUp: (client: Client) => Promise<void>;
  /** Called when the link is up again. */
  readonly onAgain?: () => void;
  /** Longest time for dialling, connecting, setting up and a heartbeat, each, in milliseconds. */
  readonly timeoutMs: number;
}

export function redisLink(
  { name, dialer, setUp, onAgain, timeoutMs }: RedisLinkOptions,
  ports: BrokerPorts,
): RedisLink {
  const within = <T>(work: Promise<T>) => withTimeLimit(ports.clock, timeoutMs, name, work);
  return new Link(
    {
      kind: 'redis',
      states: redisStates,
      name,
      dial: () => dialer.dial(),
      open: async (client, fail) => {
        client.on('error', fail);
        client.on('end', () => fail(new Error('the connection has ended')));
        await within(client.connect());
        await within(setUp(client));
        // The client itself rejects pending commands.
        return { client, ping: () => dialer.verify(client), end: () => undefined };
      },
      destroy: (client) => client.destroy(),
      ...(onAgain && { onAgain }),
      timeoutMs,
      // Connecting and setting up have their own limits.
      openTimeoutMs: () => 2 * timeoutMs,
    },
    ports,
  );
}
