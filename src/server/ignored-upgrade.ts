/** Answers a request as if it had no `Upgrade` header (RFC 9110, 7.8). */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { elementsOf } from '../http/header-list.js';
import { http } from '../http/node-http.js';
import { hasBody } from '../http/upgrade-header.js';
import type { AnyHttpServer } from './own-server.js';

/** Node drops headers beyond 1,000, among which may be those about the body. */
const maxHeaders = 500;

/** Headers about the requested protocol. */
const upgradeHeaders: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/** Since version 26, Node reads the body of a request before the upgrade, and not as the first bytes after it. */
const takesBodies = Number(process.versions.node.split('.')[0]) >= 26;

/** Node's listener for connections, over TCP and TLS: not a documented export, but `node:http2` uses it. */
interface Connecting {
  readonly _connectionListener?: (this: AnyHttpServer, socket: Duplex) => void;
}

/**
 * Node ignores upgrades without a listener, but loses bytes that follow the request. Here the request is put back
 * before those bytes, without the headers about the upgrade, and parsed again.
 *
 * @param before the last response on the connection, which may not be finished
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
    // 'connection' would be reported to the application again for each request.
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

/** Whether some headers may be missing, so that the request cannot be put back and has to be refused. */
export function hasTooManyHeaders({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.length / 2 > maxHeaders;
}

/** Whether Node itself has to ignore the upgrade, because the request's body cannot be put back. */
export function isLeftToNode(request: IncomingMessage): boolean {
  return takesBodies && hasBody(request);
}

/** Request line and headers, in their original bytes. */
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
