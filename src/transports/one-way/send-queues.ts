/**
 * Finds sockets whose peers acknowledge nothing, from Linux' /proc/net/tcp: Node has no `TCP_USER_TIMEOUT`, and TCP
 * itself takes up to 15 minutes to give up. On other systems it finds none.
 */

import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';
import type { Clock } from '../../engine/ports/clock.js';
import type { SocketEnds } from '../../http/request-head.js';

/**
 * An established connection with bytes in its queue: local and remote end, the running timer, retransmissions without
 * an answer, zero-window probes without an answer.
 */
const waiting =
  /^ *\d+: ([\dA-F]+:[\dA-F]{4}) ([\dA-F]+:[\dA-F]{4}) 01 (?!0{8})[\dA-F]{8}:[\dA-F]{8} (\d\d):[\dA-F]+ ([\dA-F]{8}) +\d+ +(\d+) /gm;

const retransmitting = '01';
const probing = '04';

/** Names of the sockets in a table whose peers are silent; slow readers are not included. */
export function silentIn(table: string): string[] {
  const names: string[] = [];
  for (const [, local = '', remote = '', timer, retransmits = '0', probes] of table.matchAll(waiting)) {
    const isSilent =
      (timer === retransmitting && Number.parseInt(retransmits, 16) >= 1) || (timer === probing && Number(probes) >= 2);
    if (isSilent) names.push(`${endInTable(local)} ${endInTable(remote)}`);
  }
  return names;
}

export function nameOf({ localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 }: SocketEnds): string {
  return `${hexOf(localAddress)}:${localPort} ${hexOf(remoteAddress)}:${remotePort}`;
}

/** Words of 32 bits in the machine's byte order, and the port. */
function endInTable(end: string): string {
  const [address = '', port = ''] = end.split(':');
  const words = address.match(/.{8}/g) ?? [];
  const ordered = endianness() === 'LE' ? words.map((word) => (word.match(/../g) ?? []).reverse().join('')) : words;
  return `${withoutPrefix(ordered.join('').toLowerCase())}:${Number.parseInt(port, 16)}`;
}

function hexOf(address: string): string {
  const ipv4 = address.slice(address.lastIndexOf(':') + 1);
  const tail = isIPv4(ipv4)
    ? ipv4
        .split('.')
        .map((byte) => Number(byte).toString(16).padStart(2, '0'))
        .join('')
    : '';
  const head = tail === '' ? address : address.slice(0, address.length - ipv4.length);
  if (head === '') return tail;
  const [left = '', right = ''] = head.replace(/%.*$/, '').split('::');
  const groups = (text: string) =>
    text
      .split(':')
      .filter((group) => group !== '')
      .map((group) => group.padStart(4, '0'));
  const before = groups(left).join('');
  const after = groups(right).join('') + tail;
  return withoutPrefix(before + '0'.repeat(Math.max(0, 32 - before.length - after.length)) + after);
}

/** An IPv4-mapped address is IPv4. */
function withoutPrefix(hex: string): string {
  return hex.replace(/^0{20}ffff(?=.{8}$)/, '');
}

/** Absent: not Linux, or no IPv6. */
async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch {
    // Without the table, no connection is closed.
    return '';
  }
}

async function readTables(): Promise<readonly string[]> {
  return [await readTable('/proc/net/tcp'), await readTable('/proc/net/tcp6')];
}

/** One for all connections of a transport: calls at about the same time share a reading. */
export class SendQueues {
  #reading: Promise<ReadonlySet<string>> | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly maxAgeMs: number,
    private readonly read: () => Promise<readonly string[]> = readTables,
  ) {}

  /** Whether the peer acknowledges nothing, by a recent reading. Never rejects. */
  async isSilent(ends: SocketEnds): Promise<boolean> {
    const nowMs = this.clock.nowMs();
    if (this.#reading === undefined || nowMs - this.#readAtMs > this.maxAgeMs) {
      this.#readAtMs = nowMs;
      this.#reading = this.read().then((tables) => new Set(tables.flatMap(silentIn)));
    }
    return (await this.#reading).has(nameOf(ends));
  }
}
