/** HTTP/1.1 and HTTP/2 on one port, over TLS: which of them is settled in the handshake (ALPN, RFC 7301). */

import { X509Certificate } from 'node:crypto';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../engine/ports/clock.js';
import { FanfareError } from '../model/fanfare-error.js';
import { endedHttp2Line, failedHandshakeLine, wrongNameLine } from './connection-faults.js';
import { Http2Connections } from './http2-connections.js';
import { answerBadRequests, type FaultPorts, stopListening, timeouts } from './listener.js';
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
  ports: FaultPorts & { readonly clock: Clock },
): OwnServer {
  const server = makeServer(certificate);
  // safe: what node:http2 gives has everything that is used of node:http
  server.on('request', handle as unknown as Parameters<Http2SecureServer['on']>[1]);
  // What the constructor takes for HTTP/1.1 is not passed on to it.
  Object.assign(server, timeouts, { requireHostHeader: true });
  const shown = new ShownNames(certificate);
  tellOfHandshakes(server, ports, shown);
  const connections = new Http2Connections(
    ports.clock,
    {
      silentMs: timeouts.headersTimeout,
      idleMs: idleHttp2Ms,
      requestTimeoutMs: timeouts.requestTimeout,
    },
    (connection, reason, numRequests) => {
      ports.refusals.tell(endedHttp2Line(reason, peers.get(connection) ?? '', numRequests));
    },
  );
  const peers = new WeakMap<ServerHttp2Session, string>();
  server.on('session', (connection) => {
    // It has no socket any more when it has ended.
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

/** What the certificate says about the names that clients ask for. */
class ShownNames {
  #certificate: X509Certificate;

  constructor({ cert }: Certificate) {
    this.#certificate = new X509Certificate(cert);
  }

  set({ cert }: Certificate): void {
    this.#certificate = new X509Certificate(cert);
  }

  /** The names of the certificate, when that is for others than the one that is asked for. */
  findOthers(name: string): string | undefined {
    const { subject, subjectAltName = subject } = this.#certificate;
    return this.#certificate.checkHost(name) === undefined ? subjectAltName : undefined;
  }
}

/** A failed handshake is an end without a word to whoever does not see the client's own log. */
function tellOfHandshakes(server: Http2SecureServer, ports: FaultPorts, shown: ShownNames): void {
  const { refusals, peerOf } = ports;
  // What has got through it, and may still send no HTTP.
  const secure = new WeakSet<Duplex>();
  // What is over TLS does not know any more where it was from once it is over; the connection below does.
  const peers = new WeakMap<object, string>();
  server.on('connection', (socket: Socket) => peers.set(socket, peerOf(socket)));
  const peerBelow = (socket: Duplex & { readonly _parent?: object }) =>
    peerOf(socket) || (socket._parent && peers.get(socket._parent)) || '';
  answerBadRequests(server, ports, (error, socket) => {
    if (secure.has(socket)) return undefined;
    // Absent where none was asked for, or nothing has come at all.
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
