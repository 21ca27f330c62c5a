/** Parses addresses of Redis. */

import { type Endpoint, misfit, parseEndpoint, urlDecoded } from '../server-address.js';

export interface Address {
  /** One server, the primary that sentinels name, or the servers of a cluster. */
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** With `sentinel`: the name of the primary there. */
  readonly primary?: string;
  /** The server, the sentinels, or some servers of the cluster. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
}

const schemeShape = /^(?:redis|valkey)(s?)(?:\+(sentinel|cluster))?$/;
const shape = /^([a-z+]+):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#@]+)(?:\/([^?#]*))?$/;

/**
 * `redis://user:password@host:6379/0`; `rediss://` with TLS, `valkey://` and `valkeys://` likewise;
 * `redis+sentinel://user:password@host:26379,host:26379/name/0`, with user and password of the primary;
 * `redis+cluster://user:password@host:6379,host:6379`, with user and password of all servers.
 *
 * @throws FanfareError `ERR_CONFIG`, without possible passwords
 */
export function parseAddress(url: string): Address {
  const match = shape.exec(url);
  const scheme = schemeShape.exec(match?.[1] ?? '');
  if (match === null || scheme === null) throw misfit('redis', 'write redis://host:port, or rediss:// for TLS');
  const [, , username, password, hosts = '', path = ''] = match;
  const [, s, suffix] = scheme;
  // safe: the pattern permits no other
  const kind = (suffix ?? 'single') as Address['kind'];
  const tls = s !== '';
  const parts = path.split('/');
  const primary = kind === 'sentinel' ? decoded(parts.shift() ?? '') : '';
  if (kind === 'sentinel' && primary === '')
    throw misfit('redis', 'what follows the sentinels is the name of the primary');
  const [database = '', ...more] = parts;
  if (!/^\d{0,5}$/.test(database) || more.length > 0)
    throw misfit('redis', 'what comes last is the number of the database');
  if (kind === 'cluster' && Number(database) !== 0) throw misfit('redis', 'a cluster has one database, 0');
  const [first = '', ...others] = hosts.split(',');
  const endpointOf = (host: string) => parseEndpoint('redis', host, defaultPorts[kind]);
  if (kind === 'single' && others.length > 0)
    throw misfit('redis', 'there is one host; write several addresses for several');
  return {
    kind,
    ...(kind === 'sentinel' && { primary }),
    endpoints: [endpointOf(first), ...others.map(endpointOf)],
    tls,
    ...(username && { username: decoded(username) }),
    ...(password && { password: decoded(password) }),
    database: Number(database),
  };
}

/** For people: no user, no password. */
export function addressName({ endpoints, primary }: Address): string {
  const hosts = endpoints.map(({ host, port }) => `${host}:${port}`).join(',');
  return `redis${primary === undefined ? '' : ` ${primary} of the sentinels`} at ${hosts}`;
}

const decoded = (text: string) => urlDecoded('redis', text, 'user and password');
const defaultPorts = { single: 6_379, sentinel: 26_379, cluster: 6_379 } as const;
