/** Where Redis is, as a URL says. */

import { FanfareError } from '../../model/fanfare-error.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Address {
  readonly kind: 'single';
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
}

const schemes: Readonly<Record<string, { readonly tls: boolean }>> = {
  redis: { tls: false },
  rediss: { tls: true },
  valkey: { tls: false },
  valkeys: { tls: true },
};

const shape = /^([a-z+]+):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#@]+)(?:\/([^?#]*))?$/;

/**
 * `redis://user:password@host:6379/0`; `rediss://` with TLS, `valkey://` and `valkeys://` likewise.
 *
 * @throws FanfareError `ERR_CONFIG`, without what may be a password
 */
export function parseAddress(url: string): Address {
  const match = shape.exec(url);
  const scheme = schemes[match?.[1] ?? ''];
  if (match === null || scheme === undefined) throw misfit('write redis://host:port, or rediss:// for TLS');
  const [, , username, password, hosts = '', path = ''] = match;
  if (!/^\d{0,5}$/.test(path)) throw misfit('what follows the host is the number of the database');
  return {
    kind: 'single',
    endpoints: [endpointOf(hosts)],
    tls: scheme.tls,
    ...(username && { username: decoded(username) }),
    ...(password && { password: decoded(password) }),
    database: Number(path),
  };
}

/** For people: no user, no password. */
export function addressName({ endpoints }: Address): string {
  return `redis at ${endpoints.map(({ host, port }) => `${host}:${port}`).join(',')}`;
}

function endpointOf(text: string): Endpoint {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[2] ?? 6_379);
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
