/** Where RabbitMQ is, as a URL says. */

import { FanfareError } from '../../model/fanfare-error.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Address {
  /** The nodes of one cluster. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly tls: boolean;
  readonly username: string;
  readonly password: string;
  readonly virtualHost: string;
}

const shape = /^(amqps?):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#@]+)(?:\/([^/?#]*))?$/;

/**
 * `amqp://user:password@host:5672/vhost`, `amqps://` with TLS; several nodes of one cluster with commas between them. The
 * user is `guest` and the virtual host `/` where none is given.
 *
 * @throws FanfareError `ERR_CONFIG`, without what may be a password
 */
export function parseAddress(url: string): Address {
  const match = shape.exec(url);
  if (match === null) throw misfit('write amqp://user:password@host:port/vhost, or amqps:// for TLS');
  const [, scheme, username, password, hosts = '', path = ''] = match;
  const tls = scheme === 'amqps';
  const [first = '', ...others] = hosts.split(',');
  return {
    endpoints: [endpointOf(first, tls), ...others.map((host) => endpointOf(host, tls))],
    tls,
    username: decoded(username ?? 'guest'),
    password: decoded(password ?? (username === undefined ? 'guest' : '')),
    virtualHost: path === '' ? '/' : decoded(path),
  };
}

/** For people: no user, no password. */
export function addressName({ endpoints, virtualHost }: Address): string {
  const hosts = endpoints.map(({ host, port }) => `${host}:${port}`).join(',');
  return `rabbitmq at ${hosts}${virtualHost === '/' ? '' : ` (${virtualHost})`}`;
}

function endpointOf(text: string, tls: boolean): Endpoint {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[2] ?? (tls ? 5_671 : 5_672));
  if (match === null || port === 0 || port > 65_535)
    throw misfit('a host is a name or an address, with or without a port');
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw misfit('user, password and virtual host are URL-encoded');
  }
}

function misfit(advice: string): FanfareError {
  return new FanfareError('ERR_CONFIG', `rabbitmq url: ${advice}`);
}
