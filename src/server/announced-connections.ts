/** A port where every connection begins with the PROXY protocol from a trusted proxy. */

import type { Socket } from 'node:net';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { Clock } from '../engine/ports/clock.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { RefusalLine } from '../model/refusal-line.js';
import { usualSpelling } from '../transports/node-address.js';
import type { TrustedProxies } from '../transports/trusted-proxies.js';
import type { OwnServer } from './own-server.js';
import { readProxyProtocol } from './proxy-protocol.js';

/** The header is in the first packet, which is sent again within 3 seconds if it is lost. */
const timeoutMs = 5_000;

interface AnnouncedPorts {
  readonly proxies: TrustedProxies;
  readonly clock: Clock;
  readonly refusals: RefusalLog;
}

/**
 * Holds connections back from the server until their header has arrived, over TLS before the handshake. Connections
 * from untrusted addresses or without a header are closed.
 *
 * @throws FanfareError `ERR_CONFIG` without trusted proxies
 */
export function announced(own: OwnServer, ports: AnnouncedPorts): OwnServer {
  const { server } = own;
  // Node's own listener for connections; other runtimes may have none.
  const inner = server.listeners('connection');
  if (inner.length === 0) throw new FanfareError('ERR_CONFIG', 'proxyProtocol: not on this runtime, but on Node');
  if (ports.proxies.isEmpty) {
    throw new FanfareError('ERR_CONFIG', 'proxyProtocol needs trustProxies: nobody else may connect');
  }
  const waiting = new Set<Socket>();
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    waiting.add(socket);
    receive(socket, ports, (isAnnounced) => {
      waiting.delete(socket);
      if (isAnnounced) for (const listener of inner) Reflect.apply(listener, server, [socket]);
      else socket.destroy();
    });
  });
  return {
    ...own,
    cut() {
      for (const socket of waiting) socket.destroy();
      own.cut();
    },
  };
}

/** Calls back once, with the bytes after the header put back into the socket. */
function receive(socket: Socket, ports: AnnouncedPorts, done: (isAnnounced: boolean) => void): void {
  const { proxies, clock, refusals } = ports;
  const peer = usualSpelling(socket.remoteAddress ?? '');
  let seen = Buffer.alloc(0);
  const settle = (isAnnounced: boolean) => {
    cancel();
    socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
    // Until it is closed, since a refused socket has no other listener.
    if (isAnnounced) socket.off('error', ignore);
    done(isAnnounced);
  };
  const refuse = (reason: string, option = 'proxyProtocol') => {
    refusals.tell(refusal(peer, reason, option));
    settle(false);
  };
  const onReadable = () => {
    for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
      seen = Buffer.concat([seen, chunk]);
    }
    const header = readProxyProtocol(seen);
    if (header.kind === 'incomplete') return;
    if (header.kind === 'invalid') return refuse(header.reason);
    if (header.address !== undefined) proxies.peers.announce(socket, header.address);
    if (header.isNameless) refusals.tell(nameless(peer));
    if (seen.length > header.length) socket.unshift(seen.subarray(header.length));
    settle(true);
  };
  // A connection without data is a check whether the port is open.
  const onEnd = () => (seen.length === 0 ? settle(false) : refuse('incomplete'));
  // Always followed by 'close'.
  const ignore = () => undefined;
  const cancel = clock.schedule(() => refuse('late'), timeoutMs);
  socket.on('error', ignore);
  // Closed before it was handled.
  if (peer === '') settle(false);
  else if (proxies.trusts(peer)) socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd);
  else refuse('not of a trusted proxy', 'trustProxies');
}

function refusal(peer: string, reason: string, option: string): RefusalLine {
  return {
    check: 'proxy protocol',
    key: `${peer} ${reason}`,
    fields: { peer, reason, option },
    message: 'connection refused: on this port a trusted proxy has to say first whose it is (PROXY protocol)',
  };
}

function nameless(peer: string): RefusalLine {
  return {
    check: 'proxy protocol',
    key: `${peer} nameless`,
    fields: { peer, reason: 'no address', option: 'proxyProtocol' },
    message: 'a proxy forwards a client without an IP address, so the address of the proxy is used',
  };
}
