/** The client's address behind proxies: which of them are believed, and what they say. */

import { BlockList, isIP } from 'node:net';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { RequestHead, SocketEnds } from '../http/request-head.js';
import { FanfareError } from '../model/fanfare-error.js';
import { type ProxyHeader, proxyHeaders } from '../model/proxy-header.js';
import { type ForwardedNode, forwardedNodes } from './forwarded.js';
import { usualSpelling } from './node-address.js';
import { PeerAddresses } from './peer-addresses.js';

/** An address, perhaps with a prefix length. An empty one would be 0: everybody. */
const network = /^([^/%]*)(?:\/(\d{1,3}))?$/;

/**
 * What is shown of an entry that cannot be read: numbers and marks, as broken addresses have, and the words of RFC 7239. A
 * proxy may have passed on what a client has made up, and of that nothing is written down.
 */
const shownEntry = /^(?:for=)?"?(?:unknown|[\da-f.:[\]%]{1,64})"?$/i;

export interface TrustedProxiesOptions {
  /** The header that is believed; the other one, which a client may have sent itself, never is. Default: `X-Forwarded-For`. */
  readonly header?: ProxyHeader;
  /** Told of what cannot be read. Default: nobody. */
  readonly refusals?: Pick<RefusalLog, 'tell'>;
}

/** The proxies in front, whose word about the client's address is believed. */
export class TrustedProxies {
  readonly peers = new PeerAddresses();
  readonly isEmpty: boolean;
  readonly #list = new BlockList();
  readonly #header: ProxyHeader;
  readonly #refusals: Pick<RefusalLog, 'tell'> | undefined;

  /**
   * @param proxies addresses or networks: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`
   * @throws FanfareError `ERR_CONFIG` for anything else
   */
  constructor(proxies: readonly string[], { header = 'X-Forwarded-For', refusals }: TrustedProxiesOptions = {}) {
    if (!proxyHeaders.includes(header)) {
      throw new FanfareError('ERR_CONFIG', `proxyHeader: "${header}" is none of ${proxyHeaders.join(', ')}`);
    }
    this.isEmpty = proxies.length === 0;
    this.#header = header;
    this.#refusals = refusals;
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
  clientAddress(request: RequestHead): string {
    let address = this.peerOf(request.socket);
    if (!this.trusts(address)) return address;
    const value = headerOf(request, this.#header);
    if (value === undefined) {
      this.#tellOfNone(address, request);
      return address;
    }
    for (const node of forwardedNodes(this.#header, value)) {
      if ('fault' in node) {
        this.#tellOf(address, node);
        return address;
      }
      address = node.address;
      if (!this.trusts(address)) return address;
    }
    return address;
  }

  /** Who has connected, or whom a proxy has announced in front of the first byte. */
  peerOf(socket: SocketEnds): string {
    return usualSpelling(this.peers.of(socket));
  }

  trusts(address: string): boolean {
    if (this.isEmpty) return false;
    // A zone says by which link of this machine it is reached.
    const [bare = ''] = address.split('%');
    const family = isIP(bare);
    return family !== 0 && this.#list.check(bare, family === 4 ? 'ipv4' : 'ipv6');
  }

  #tellOf(proxy: string, { fault, text }: Extract<ForwardedNode, { readonly fault: string }>): void {
    this.#refusals?.tell({
      check: 'proxy header',
      key: `${proxy} ${fault}`,
      fields: {
        proxy,
        header: this.#header,
        ...(shownEntry.test(text) && { entry: text }),
        reason: fault,
        option: 'proxyHeader',
      },
      message: 'the address of a client cannot be read from what its proxy says: it counts as the proxy itself',
    });
  }

  /** Of a proxy, unless it is a program of one's own in the same network. */
  #tellOfNone(proxy: string, request: RequestHead): void {
    const other = proxyHeaders.find((header) => headerOf(request, header) !== undefined);
    this.#refusals?.tell({
      check: 'proxy header',
      key: `${proxy} ${other ?? 'none'}`,
      fields: {
        proxy,
        header: this.#header,
        reason: 'missing',
        ...(other !== undefined && { sent: other }),
        option: 'proxyHeader',
      },
      message:
        other === undefined
          ? 'a trusted proxy says nothing about the address of its client, which counts as the proxy itself'
          : 'a trusted proxy sends another header than the one that is believed: its clients count as the proxy itself',
      level: other === undefined ? 'info' : 'warn',
    });
  }
}

/** Several are one list (RFC 9110, 5.3). */
function headerOf({ headers }: RequestHead, name: ProxyHeader): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
}
