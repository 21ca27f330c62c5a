/** Where NATS is, as URLs say. */

import { FanfareError } from '../../model/fanfare-error.js';

export interface Address {
  /** `host:port`, one at least; all of one cluster. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

const shape = /^(?:(nats|tls):\/\/)?(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#@:[\]]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?\/?$/;

/**
 * `nats://user:password@host:4222`, `nats://token@host`; `tls://` insists on TLS. Several servers of one cluster with
 * commas or spaces between, or as a list; user and password stand with the first.
 *
 * @throws FanfareError `ERR_CONFIG`, without what may be a password
 */
export function parseAddress(urls: string | readonly string[]): Address {
  const parts = [urls]
    .flat()
    .flatMap((text) => text.split(/[\s,]+/))
    .filter((part) => part !== '');
  if (parts.length === 0 || !/^(nats|tls):\/\//.test(parts[0] ?? '')) throw misfit('write nats://host:4222, or tls://');
  const servers: string[] = [];
  const schemes = new Set<string>();
  let login: Pick<Address, 'username' | 'password' | 'token'> = {};
  for (const [place, part] of parts.entries()) {
    const match = shape.exec(part);
    if (match === null)
      throw misfit('a server is nats://host:4222, with user:password@ before the host if it wants them');
    const [, scheme, user, password, host = '', port = '4222'] = match;
    if (Number(port) === 0 || Number(port) > 65_535) throw misfit('a port is a number from 1 to 65535');
    if (scheme !== undefined) schemes.add(scheme);
    servers.push(`${host}:${port}`);
    if (user === undefined) continue;
    if (place > 0) throw misfit('user and password stand with the first server');
    login =
      password === undefined ? { token: decoded(user) } : { username: decoded(user), password: decoded(password) };
  }
  if (schemes.size > 1) throw misfit('the servers are all with TLS or all without');
  return { servers, tls: schemes.has('tls'), ...login };
}

/** For people: no user, no password. */
export function addressName({ servers }: Address): string {
  return `nats at ${servers.join(',')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw misfit('user, password and token are URL-encoded');
  }
}

function misfit(advice: string): FanfareError {
  return new FanfareError('ERR_CONFIG', `nats url: ${advice}`);
}
