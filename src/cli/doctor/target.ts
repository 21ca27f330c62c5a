/** What is examined: the addresses of its endpoints, and how its host is reached. */

import type { LookupFunction } from 'node:net';
import type { Endpoints } from '../../client/transport-name.js';

export interface Address {
  readonly address: string;
  readonly family: number;
}

export interface Target {
  /** As for `connect()` of the client. */
  readonly endpoints: Endpoints;
  /** Without brackets. */
  readonly host: string;
  /** As in `Host`: with the port, unless it is the scheme's own. */
  readonly authority: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Of a page, or none: as a program. */
  readonly origin: string | undefined;
  /** How long one answer may take. */
  readonly timeoutMs: number;
  /** Certificates of authorities, in PEM, besides those that Node trusts. */
  readonly ca: string | undefined;
  /** Goes on where the certificate is not trusted. */
  readonly isInsecure: boolean;
  /** The one that answered first; all requests go there. */
  address: Address | undefined;
}

/** Options of `node:http`, `node:https`, `node:tls` and `ws` alike: to the address that was found. */
export function connectOptions({ address, ca, isInsecure }: Target) {
  const lookup: LookupFunction = (_, { all }, callback) => {
    if (address === undefined) callback(new Error('no address'), '');
    else if (all) callback(null, [address]);
    else callback(null, address.address, address.family);
  };
  return { lookup, rejectUnauthorized: !isInsecure, ...(ca !== undefined && { ca }) };
}

/** The origin of the host itself. */
export function ownOrigin({ isSecure, authority }: Target): string {
  return `${isSecure ? 'https' : 'http'}://${authority}`;
}
