/** Parses addresses of RabbitMQ. */

import { type Endpoint, misfit, parseEndpoint, urlDecoded } from '../server-address.js';

export interface Address {
  /** The nodes of one cluster. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly tls: boolean;
  readonly username: string;
  readonly password: string;
  readonly virtualHost: string;
}

const encoded = 'user, password and virtual host';
const shape = /^(amqps?):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#@]+)(?:\/([^/?#]*))?$/;

/**
 * `amqp://user:password@host:5672/vhost`, or `amqps://` with TLS; several nodes of one cluster separated by commas.
 * Without a user it is `guest`, without a virtual host `/`.
 *
 * @throws FanfareError `ERR_CONFIG`, without possible passwords
 */
export function parseAddress(url: string): Address {
  const match = shape.exec(url);
  if (match === null) throw misfit('rabbitmq', 'write amqp://user:password@host:port/vhost, or amqps:// for TLS');
  const [, scheme, username, password, hosts = '', path = ''] = match;
  const tls = scheme === 'amqps';
  const [first = '', ...others] = hosts.split(',');
  const endpointOf = (host: string) => parseEndpoint('rabbitmq', host, tls ? 5_671 : 5_672);
  return {
    endpoints: [endpointOf(first), ...others.map(endpointOf)],
    tls,
    username: urlDecoded('rabbitmq', username ?? 'guest', encoded),
    password: urlDecoded('rabbitmq', password ?? (username === undefined ? 'guest' : ''), encoded),
    virtualHost: path === '' ? '/' : urlDecoded('rabbitmq', path, encoded),
  };
}

/** For people: no user, no password. */
export function addressName({ endpoints, virtualHost }: Address): string {
  const hosts = endpoints.map(({ host, port }) => `${host}:${port}`).join(',');
  return `rabbitmq at ${hosts}${virtualHost === '/' ? '' : ` (${virtualHost})`}`;
}
