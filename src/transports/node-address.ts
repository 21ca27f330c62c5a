/** Addresses as they are written: by the system, and by proxies in headers (RFC 7239, 6), with ports, brackets and zones. */

import { isIP, SocketAddress } from 'node:net';
import { unquoted } from '../http/header-list.js';

/** What a proxy has written in place of an address. */
export type NodeFault = 'unknown' | 'obfuscated' | 'no address';

const port = '(?::(?:\\d{1,5}|_[\\w.-]+))?';
const bracketed = new RegExp(`^\\[([^\\]]+)\\]${port}$`);
const fourWithPort = new RegExp(`^([\\d.]+)${port}$`);

/**
 * The address of a node, without its port, in its usual spelling; or why there is none.
 *
 * @param text `198.51.100.7`, `198.51.100.7:4431`, `2001:db8::1`, `[2001:db8::1]:44`, any of them in quotes
 */
export function readNode(text: string): { readonly address: string } | { readonly fault: NodeFault } {
  const node = unquoted(text) ?? '';
  const bare = (bracketed.exec(node) ?? fourWithPort.exec(node))?.[1] ?? node;
  // Brackets are for IPv6 alone.
  if (isIP(bare) === 6 || (isIP(bare) === 4 && !node.startsWith('['))) return { address: usualSpelling(bare) };
  if (/^unknown(?::|$)/i.test(node)) return { fault: 'unknown' };
  return { fault: /^_[\w.-]+(?::|$)/.test(node) ? 'obfuscated' : 'no address' };
}

/** One spelling for one address: limits count by it. An IPv4 address in IPv6 clothes is the IPv4 address. */
export function usualSpelling(address: string): string {
  if (isIP(address) !== 6) return address;
  const [bare = '', zone] = address.split('%');
  // The system writes it in lower case and without zeros, and what is mapped with dots.
  const short = new SocketAddress({ address: bare, family: 'ipv6' }).address;
  if (short.startsWith('::ffff:') && isIP(short.slice(7)) === 4) return short.slice(7);
  return zone === undefined ? short : `${short}%${zone}`;
}
