/** The client's address behind proxies: which of them are trusted, and what they send. */

import { BlockList, isIP } from 'node:net';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { RequestHead, SocketEnds } from '../http/request-head.js';
import { FanfareError } from '../model/fanfare-error.js';
import { type ProxyHeader, proxyHeaders } from '../model/proxy-header.js';
import { type ForwardedNode, forwardedNodes } from './forwarded.js';
import { usualSpelling } from './node-address.js';
import { PeerAddresses } from './peer-addresses.js';

/** An address, optionally with a prefix length. An empty one would be 0, which matches everything. */
const network = /^([^/%]*)(?:\/(\d{1,3}))?$/;

/**
 * Invalid entries that are logged: digits and punctuation, like broken addresses, and the words of RFC 7239. Others may
 * come from a client and are not logged.
 */
const shownEntry = /^(?:for=)?"?(?:unknown|[\da-f.:[\]%]{1,64})"?$/i;

export interface TrustedProxiesOptions {
  /** The trusted header; the other one, which a client may have sent, is ignored. Default: `X-Forwarded-For`. */
  readonly header?: ProxyHeader;
  /** Log for entries that cannot be parsed. Default: none. */
  readonly refusals?: Pick<RefusalLog, 'tell'>;
}

/** The proxies that are trusted to send the client's address. */
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

  /** The nearest address that is not a trusted proxy. Forged entries are further to the left and never reached. */
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

  /** The address of the socket, or the one that a proxy has sent in the PROXY protocol. */
  peerOf(socket: SocketEnds): string {
    return usualSpelling(this.peers.of(socket));
  }

  trusts(address: string): boolean {
    if (this.isEmpty) return false;
    // A zone is a link of this machine.
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

  /** Warns about a proxy that does not send the header, unless it may be a program in the same network. */
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

/** Several headers count as one list (RFC 9110, 5.3). */
function headerOf({ headers }: RequestHead, name: ProxyHeader): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
}
