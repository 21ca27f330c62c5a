/**
 * Parses the header in which a proxy that only forwards bytes sends the client's address: the PROXY protocol, versions
 * 1 and 2 (haproxy.org/download/3.0/doc/proxy-protocol.txt).
 */

import { isIP } from 'node:net';
import { usualSpelling } from '../transports/node-address.js';

type ProxyProtocolHeader =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly reason: ProxyProtocolFault }
  | {
      readonly kind: 'complete';
      /** In bytes; the client's data follows. */
      readonly length: number;
      /** The address of the client. Absent: the proxy connects for itself, as a health check. */
      readonly address?: string;
      /** The client has no IP address. */
      readonly isNameless?: true;
    };

type ProxyProtocolFault = 'missing' | 'malformed' | 'too long';

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const headBytes = 16;
/** Version 2 permits 64 KiB; client certificates, the longest known content, take a few KiB. */
const maxBytes = 16_384;
/** With the line break. */
const maxLineBytes = 107;

const invalid = (reason: ProxyProtocolFault): ProxyProtocolHeader => ({ kind: 'invalid', reason });
const incomplete: ProxyProtocolHeader = { kind: 'incomplete' };

/** @param bytes what has arrived so far */
export function readProxyProtocol(bytes: Buffer): ProxyProtocolHeader {
  if (startsAlike(bytes, signature)) return bytes.length < headBytes ? incomplete : readBinary(bytes);
  if (startsAlike(bytes, Buffer.from('PROXY '))) return readLine(bytes);
  return invalid('missing');
}

function startsAlike(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length);
  return bytes.subarray(0, length).equals(expected.subarray(0, length));
}

const line = /^PROXY (?:UNKNOWN(?: [^\r\n]*)?|(TCP[46]) ([\w.:]+) ([\w.:]+) (\d{1,5}) (\d{1,5}))\r\n/;

function readLine(bytes: Buffer): ProxyProtocolHeader {
  const text = bytes.toString('latin1', 0, maxLineBytes);
  if (!text.includes('\n')) return text.length < maxLineBytes ? incomplete : invalid('too long');
  const match = line.exec(text);
  if (match === null) return invalid('malformed');
  const [{ length }, protocol, source = '', target = '', ...ports] = match;
  if (protocol === undefined) return { kind: 'complete', length };
  const family = Number(protocol.slice(-1));
  const isRight = isIP(source) === family && isIP(target) === family && ports.every((port) => Number(port) < 65_536);
  return isRight ? { kind: 'complete', length, address: usualSpelling(source) } : invalid('malformed');
}

/** Size of source and target with ports, by the address family in the upper half of a byte. */
const addressBytes: Readonly<Record<number, number>> = { 0: 0, 1: 12, 2: 36, 3: 216 };

function readBinary(bytes: Buffer): ProxyProtocolHeader {
  const command = bytes[12] ?? 0;
  const transport = bytes[13] ?? 0;
  const family = transport >> 4;
  const length = headBytes + bytes.readUInt16BE(14);
  // Version 2; LOCAL or PROXY; unknown, stream or datagram.
  if ((command !== 0x20 && command !== 0x21) || (transport & 15) > 2) return invalid('malformed');
  const needed = addressBytes[family];
  if (needed === undefined) return invalid('malformed');
  if (length > maxBytes) return invalid('too long');
  if (bytes.length < length) return incomplete;
  // With LOCAL, the addresses have no meaning.
  if (command === 0x20) return { kind: 'complete', length };
  if (length < headBytes + needed) return invalid('malformed');
  if (family === 1) {
    return { kind: 'complete', length, address: bytes.subarray(headBytes, headBytes + 4).join('.') };
  }
  if (family !== 2) return { kind: 'complete', length, isNameless: true };
  const groups = Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(headBytes + 2 * n).toString(16));
  return { kind: 'complete', length, address: usualSpelling(groups.join(':')) };
}
