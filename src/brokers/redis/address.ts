/** Where Redis is, as a URL says. */

import { FanfareError } from '../../model/fanfare-error.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Address {
  /** One server, whichever the sentinels say is the primary, or those that have the slots of a cluster. */
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** With `sentinel`: what they call the primary. */
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
 * `redis+sentinel://user:password@host:26379,host:26379/name/0`, where user and password are for the primary;
 * `redis+cluster://user:password@host:6379,host:6379`, where user and password are for all servers.
 *
 * @throws FanfareError `ERR_CONFIG`, without what may be a password
 */
export function parseAddress(url: string): Address {
  const match = shape.exec(url);
  const scheme = schemeShape.exec(match?.[1] ?? '');
  if (match === null || scheme === null) throw misfit('write redis://host:port, or rediss:// for TLS');
  const [, , username, password, hosts = '', path = ''] = match;
  const [, s, suffix] = scheme;
  // safe: the shape knows no other
  const kind = (suffix ?? 'single') as Address['kind'];
  const tls = s !== '';
  const parts = path.split('/');
  const primary = kind === 'sentinel' ? decoded(parts.shift() ?? '') : '';
  if (kind === 'sentinel' && primary === '') throw misfit('what follows the sentinels is the name of the primary');
  const [database = '', ...more] = parts;
  if (!/^\d{0,5}$/.test(database) || more.length > 0) throw misfit('what comes last is the number of the database');
  if (kind === 'cluster' && Number(database) !== 0) throw misfit('a cluster has one database, 0');
  const [first = '', ...others] = hosts.split(',');
  if (kind === 'single' && others.length > 0) throw misfit('there is one host; write several addresses for several');
  return {
    kind,
    ...(kind === 'sentinel' && { primary }),
    endpoints: [endpointOf(first, kind), ...others.map((host) => endpointOf(host, kind))],
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

const defaultPorts = { single: 6_379, sentinel: 26_379, cluster: 6_379 } as const;

function endpointOf(text: string, kind: Address['kind']): Endpoint {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[2] ?? defaultPorts[kind]);
  if (match === null || port === 0 || port > 65_535)
    throw misfit('a host is a name or an address, with or without a port');
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw misfit('user and password are URL-encoded');
  }
}

function misfit(advice: string): FanfareError {
  return new FanfareError('ERR_CONFIG', `redis url: ${advice}`);
}
