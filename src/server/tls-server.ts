/** HTTP/1.1 and HTTP/2 on one port, over TLS, chosen in the handshake (ALPN, RFC 7301). */

import { X509Certificate } from 'node:crypto';
import type { Http2SecureServer, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../engine/ports/clock.js';
import { FanfareError } from '../model/fanfare-error.js';
import { endedHttp2Line, failedHandshakeLine, wrongNameLine } from './connection-faults.js';
import { Http2Connections } from './http2-connections.js';
import { answerBadRequests, type FaultPorts, stopListening, timeouts } from './listener.js';
import type { Certificate, HandleRequest, OwnServer } from './own-server.js';

/** Concurrent requests of one HTTP/2 connection, including streams. */
const maxConcurrentStreams = 128;
const maxHeaderBytes = 16_384;
/** Keeping a connection costs less than another TLS handshake. */
const idleHttp2Ms = 60_000;

/** @throws FanfareError `ERR_CONFIG` when certificate or key is invalid, or they do not fit */
export function createTlsServer(
  handle: HandleRequest,
  certificate: Certificate,
  ports: FaultPorts & { readonly clock: Clock },
): OwnServer {
  const server = makeServer(certificate);
  // safe: objects of node:http2 have all used parts of node:http
  server.on('request', handle as unknown as Parameters<Http2SecureServer['on']>[1]);
  // The constructor ignores options for HTTP/1.1.
  Object.assign(server, timeouts, { requireHostHeader: true });
  const shown = new ShownNames(certificate);
  tellOfHandshakes(server, ports, shown);
  const connections = new Http2Connections(
    ports.clock,
    {
      silentMs: timeouts.headersTimeout,
      idleMs: idleHttp2Ms,
      requestTimeoutMs: timeouts.requestTimeout,
      longBodies: ports.longBodies,
    },
    (connection, reason, numRequests) => {
      ports.refusals.tell(endedHttp2Line(reason, peers.get(connection) ?? '', numRequests));
    },
  );
  const peers = new WeakMap<ServerHttp2Session, string>();
  server.on('session', (connection) => {
    // An ended session has no socket any more.
    peers.set(connection, ports.peerOf(connection.socket));
    connections.add(connection);
  });
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
    setCertificate(next) {
      orConfigError(() => server.setSecureContext({ cert: next.cert, key: next.key }));
      shown.set(next);
    },
  };
}

/** Compares the certificate with the names that clients ask for. */
class ShownNames {
  #certificate: X509Certificate;

  constructor({ cert }: Certificate) {
    this.#certificate = new X509Certificate(cert);
  }

  set({ cert }: Certificate): void {
    this.#certificate = new X509Certificate(cert);
  }

  /** The names of the certificate, if none matches the requested one. */
  findOthers(name: string): string | undefined {
    const { subject, subjectAltName = subject } = this.#certificate;
    return this.#certificate.checkHost(name) === undefined ? subjectAltName : undefined;
  }
}

/** Logs failed handshakes, which otherwise only show in the client's own log. */
function tellOfHandshakes(server: Http2SecureServer, ports: FaultPorts, shown: ShownNames): void {
  const { refusals, peerOf } = ports;
  // Connections after a handshake may still not send HTTP.
  const secure = new WeakSet<Duplex>();
  // A closed TLS socket has lost its address; the TCP socket below still has it.
  const peers = new WeakMap<object, string>();
  server.on('connection', (socket: Socket) => peers.set(socket, peerOf(socket)));
  const peerBelow = (socket: Duplex & { readonly _parent?: object }) =>
    peerOf(socket) || (socket._parent && peers.get(socket._parent)) || '';
  answerBadRequests(server, ports, (error, socket) => {
    if (secure.has(socket)) return undefined;
    // Absent if the client sent no name, or nothing at all.
    const { servername: asked } = socket as TLSSocket & { readonly servername?: string | false | null };
    const name = typeof asked === 'string' ? asked : undefined;
    if (error.code === 'ECONNRESET' && name === undefined) return undefined;
    return failedHandshakeLine(error, peerBelow(socket), name, name && shown.findOthers(name));
  });
  server.on('secureConnection', (socket: TLSSocket & { readonly servername?: string | false | null }) => {
    secure.add(socket);
    const { servername: name } = socket;
    const others = typeof name === 'string' ? shown.findOthers(name) : undefined;
    if (others !== undefined) refusals.tell(wrongNameLine(String(name), others, peerOf(socket)));
  });
}

/** Loads `node:http2` with the first certificate: it takes longer than half of Fanfare. */
function makeServer({ cert, key }: Certificate): Http2SecureServer {
  const { createSecureServer } = process.getBuiltinModule('node:http2');
  return orConfigError(() =>
    createSecureServer({
      cert,
      key,
      allowHTTP1: true,
      // A peer that has not sent anything.
      handshakeTimeout: timeouts.headersTimeout,
      settings: { maxConcurrentStreams, maxHeaderListSize: maxHeaderBytes },
    }),
  );
}

/** OpenSSL's message names the fault and contains nothing of the key. */
function orConfigError<Result>(use: () => Result): Result {
  try {
    return use();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new FanfareError('ERR_CONFIG', `tls: certificate and key cannot be used: ${message}`, { cause });
  }
}
