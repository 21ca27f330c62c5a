/** HTTP/1.1 and HTTP/2 on one port, over TLS: which of them is settled in the handshake (ALPN, RFC 7301). */

import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../engine/clock.js';
import type { Logger } from '../engine/logger.js';
import { FanfareError } from '../model/fanfare-error.js';
import { Http2Connections } from './http2-connections.js';
import { answerBadRequests, stopListening, timeouts } from './listener.js';
import type { Certificate, HandleRequest, OwnServer } from './own-server.js';

/** Requests that one connection of HTTP/2 may have open at a time, streams among them. */
const maxConcurrentStreams = 128;
const maxHeaderBytes = 16_384;
/** A handshake of TLS costs more than a connection that is kept. */
const idleHttp2Ms = 60_000;

/** @throws FanfareError `ERR_CONFIG` when certificate and key do not go together, or are none */
export function createTlsServer(
  handle: HandleRequest,
  certificate: Certificate,
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): OwnServer {
  const server = makeServer(certificate);
  // safe: what node:http2 gives has everything that is used of node:http
  server.on('request', handle as unknown as Parameters<Http2SecureServer['on']>[1]);
  // What the constructor takes for HTTP/1.1 is not passed on to it.
  Object.assign(server, timeouts, { requireHostHeader: true });
  answerBadRequests(server, log);
  const connections = new Http2Connections(clock, {
    silentMs: timeouts.headersTimeout,
    idleMs: idleHttp2Ms,
    requestTimeoutMs: timeouts.requestTimeout,
  });
  server.on('session', (connection) => connections.add(connection));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    server,
    scheme: 'https',
    drain: () => connections.drain(),
    close: () => stopListening(server, () => connections.drain()),
    cut() {
      connections.cut();
      for (const socket of sockets) socket.destroy();
    },
    setCertificate: (next) => orConfigError(() => server.setSecureContext({ cert: next.cert, key: next.key })),
  };
}

function makeServer({ cert, key }: Certificate): Http2SecureServer {
  return orConfigError(() =>
    createSecureServer({
      cert,
      key,
      allowHTTP1: true,
      // A peer that is silent before it has said anything.
      handshakeTimeout: timeouts.headersTimeout,
      settings: { maxConcurrentStreams, maxHeaderListSize: maxHeaderBytes },
    }),
  );
}

/** OpenSSL's words name the fault and neither the key nor anything of it. */
function orConfigError<Result>(use: () => Result): Result {
  try {
    return use();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new FanfareError('ERR_CONFIG', `tls: certificate and key cannot be used: ${message}`, { cause });
  }
}
