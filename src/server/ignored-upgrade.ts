/** Answers a request that asks for another protocol as if it had not asked (RFC 9110, 7.8). */

import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { elementsOf } from '../http/header-list.js';
import { hasBody } from '../http/upgrade-header.js';
import type { AnyHttpServer } from './own-server.js';

/** Node leaves out those beyond 1,000, and what they say of the body would be lost. */
const maxHeaders = 500;

/** Name the protocol that is asked for and go with it. */
const upgradeHeaders: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/** Since 26, Node takes the body of a request before the other protocol begins, and not as its first bytes. */
const takesBodies = Number(process.versions.node.split('.')[0]) >= 26;

/** What Node does with each connection, over TCP and TLS alike: not among its documented exports, but `node:http2` uses it. */
interface Connecting {
  readonly _connectionListener?: (this: AnyHttpServer, socket: Duplex) => void;
}

/**
 * Node itself ignores upgrades to which nobody listens, but loses what has come behind the request. Here the request is
 * put back in front of that, without the words about the upgrade, and read once more.
 *
 * @param before the last response on the connection so far, which may not be finished
 */
export function answerWithoutUpgrade(
  server: AnyHttpServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  before: ServerResponse | undefined,
): void {
  const bytes = Buffer.concat([headWithoutUpgrade(request), head]);
  const again = () => {
    if (socket.destroyed) return;
    socket.off('error', ignore);
    // safe: an upgrade comes over TCP or TLS, both of which are net.Socket
    // Left over from the time between two requests.
    (socket as Socket).setTimeout(0);
    socket.unshift(bytes);
    // 'connection' would be news to the application, with each request anew.
    const begin = (http as Connecting)._connectionListener;
    if (begin === undefined) server.emit('connection', socket);
    else begin.call(server, socket);
  };
  // Always followed by 'close'.
  const ignore = () => undefined;
  socket.on('error', ignore);
  if (before === undefined || before.writableFinished || before.destroyed) again();
  else before.once('close', again);
}

/** Whether it has so many that some may be missing: it cannot be put back, and has to be refused. */
export function hasTooManyHeaders({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.length / 2 > maxHeaders;
}

/** Whether Node has to ignore the upgrade of such a request itself: its body cannot be put back. */
export function isLeftToNode(request: IncomingMessage): boolean {
  return takesBodies && hasBody(request);
}

/** Request line and headers, in the bytes that they came in. */
function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    const lowerName = name.toLowerCase();
    if (upgradeHeaders.has(lowerName)) continue;
    const kept = lowerName === 'connection' ? withoutUpgrade(value) : value;
    if (lowerName !== 'connection' || kept !== '') lines.push(`${name}: ${kept}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function withoutUpgrade(connection: string): string {
  return elementsOf(connection)
    .filter((option) => !upgradeHeaders.has(option.toLowerCase()))
    .join(', ');
}
