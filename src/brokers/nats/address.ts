/** Parses addresses of NATS servers. */

import { misfit, urlDecoded } from '../server-address.js';

export interface Address {
  /** `host:port`, at least one; all of the same cluster. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

const encoded = 'user, password and token';
const shape = /^(?:(nats|tls):\/\/)?(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#@:[\]]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?\/?$/;

/**
 * `nats://user:password@host:4222`, `nats://token@host`; `tls://` requires TLS. Several servers of one cluster are
 * separated by commas or spaces, or a list; user and password are part of the first.
 *
 * @throws FanfareError `ERR_CONFIG`, without possible passwords
 */
export function parseAddress(urls: string | readonly string[]): Address {
  const parts = [urls]
    .flat()
    .flatMap((text) => text.split(/[\s,]+/))
    .filter((part) => part !== '');
  if (parts.length === 0 || !/^(nats|tls):\/\//.test(parts[0] ?? ''))
    throw misfit('nats', 'write nats://host:4222, or tls://');
  const servers: string[] = [];
  const schemes = new Set<string>();
  let login: Pick<Address, 'username' | 'password' | 'token'> = {};
  for (const [place, part] of parts.entries()) {
    const match = shape.exec(part);
    if (match === null)
      throw misfit('nats', 'a server is nats://host:4222, with user:password@ before the host if it wants them');
    const [, scheme, user, password, host = '', port = '4222'] = match;
    if (Number(port) === 0 || Number(port) > 65_535) throw misfit('nats', 'a port is a number from 1 to 65535');
    if (scheme !== undefined) schemes.add(scheme);
    servers.push(`${host}:${port}`);
    if (user === undefined) continue;
    if (place > 0) throw misfit('nats', 'user and password stand with the first server');
    login =
      password === undefined
        ? { token: urlDecoded('nats', user, encoded) }
        : { username: urlDecoded('nats', user, encoded), password: urlDecoded('nats', password, encoded) };
  }
  if (schemes.size > 1) throw misfit('nats', 'the servers are all with TLS or all without');
  return { servers, tls: schemes.has('tls'), ...login };
}

/** For people: no user, no password. */
export function addressName({ servers }: Address): string {
  return `nats at ${servers.join(',')}`;
}
