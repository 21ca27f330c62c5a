/** Parses addresses from the system and from proxies' headers (RFC 7239, 6), with ports, brackets and zones. */

import { isIP, SocketAddress } from 'node:net';
import { unquoted } from '../http/header-list.js';

/** What a proxy has written instead of an address. */
export type NodeFault = 'unknown' | 'obfuscated' | 'no address';

const port = '(?::(?:\\d{1,5}|_[\\w.-]+))?';
const bracketed = new RegExp(`^\\[([^\\]]+)\\]${port}$`);
const fourWithPort = new RegExp(`^([\\d.]+)${port}$`);

/**
 * The address without its port, in canonical form; or why there is none.
 *
 * @param text `198.51.100.7`, `198.51.100.7:4431`, `2001:db8::1`, `[2001:db8::1]:44`, any of them in quotes
 */
export function readNode(text: string): { readonly address: string } | { readonly fault: NodeFault } {
  const node = unquoted(text) ?? '';
  const bare = (bracketed.exec(node) ?? fourWithPort.exec(node))?.[1] ?? node;
  // Brackets are only for IPv6.
  if (isIP(bare) === 6 || (isIP(bare) === 4 && !node.startsWith('['))) return { address: usualSpelling(bare) };
  if (/^unknown(?::|$)/i.test(node)) return { fault: 'unknown' };
  return { fault: /^_[\w.-]+(?::|$)/.test(node) ? 'obfuscated' : 'no address' };
}

/** The canonical form of an address, by which limits count. An IPv4-mapped IPv6 address is the IPv4 address. */
export function usualSpelling(address: string): string {
  if (isIP(address) !== 6) return address;
  const [bare = '', zone] = address.split('%');
  // The system uses lower case, without leading zeros, and mapped addresses with dots.
  const short = new SocketAddress({ address: bare, family: 'ipv6' }).address;
  if (short.startsWith('::ffff:') && isIP(short.slice(7)) === 4) return short.slice(7);
  return zone === undefined ? short : `${short}%${zone}`;
}
