/** Common parts of server addresses: hosts, and URL-encoded names. */

import { FanfareError } from '../model/fanfare-error.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** @throws FanfareError `ERR_CONFIG` */
export function parseEndpoint(kind: string, text: string, defaultPort: number): Endpoint {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[2] ?? defaultPort);
  if (match === null || port === 0 || port > 65_535) {
    throw misfit(kind, 'a host is a name or an address, with or without a port');
  }
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}

/** @param what the texts are, in the plural @throws FanfareError `ERR_CONFIG` */
export function urlDecoded(kind: string, text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw misfit(kind, `${what} are URL-encoded`);
  }
}

/** Without the address, which may contain a password. */
export function misfit(kind: string, advice: string): FanfareError {
  return new FanfareError('ERR_CONFIG', `${kind} url: ${advice}`);
}
