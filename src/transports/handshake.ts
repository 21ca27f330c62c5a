/** What the engine is told of the HTTP request behind a connection. */

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Handshake } from '../engine/connection.js';
import { headersOf } from '../http/http2.js';
import { FanfareError } from '../model/fanfare-error.js';

/** An address, perhaps with a prefix length. An empty one would be 0: everybody. */
const network = /^([^/%]*)(?:\/(\d{1,3}))?$/;

/** The proxies in front, whose word about the client's address is believed. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /**
   * @param proxies addresses or networks: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`
   * @throws FanfareError `ERR_CONFIG` for anything else
   */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [, address = '', prefix] = network.exec(proxy) ?? [];
      const family = isIP(address);
      const bits = prefix === undefined ? undefined : Number(prefix);
      if (family === 0 || (bits !== undefined && bits > (family === 4 ? 32 : 128))) {
        throw new FanfareError('ERR_CONFIG', `trustProxies: "${proxy}" is not an address or network`);
      }
      const type = family === 4 ? 'ipv4' : 'ipv6';
      if (bits === undefined) this.#list.addAddress(address, type);
      else this.#list.addSubnet(address, bits, type);
    }
  }

  /** The nearest address on the way that is no trusted proxy. Forged entries are left of it and never reached. */
  clientAddress(request: IncomingMessage): string {
    let address = plain(request.socket.remoteAddress ?? '');
    const forwarded = String(request.headers['x-forwarded-for'] ?? '').split(',');
    while (this.#trusts(address)) {
      const next = plain((forwarded.pop() ?? '').trim());
      if (isIP(next) === 0) break;
      address = next;
    }
    return address;
  }

  #trusts(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** An IPv4 address in IPv6 clothes is the IPv4 address. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/** Copies what is needed, so that the request itself can be freed. */
export function handshakeOf(request: IncomingMessage, proxies: TrustedProxies): Handshake {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(headersOf(request))) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return { headers, url: request.url ?? '/', remoteAddress: proxies.clientAddress(request) };
}
