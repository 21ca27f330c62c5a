/** The HTTP server that Fanfare opens itself, with time-outs against silent and slow peers. */

import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { Logger } from '../engine/ports/logger.js';
import type { LongBodies } from '../http/long-bodies.js';
import { http } from '../http/node-http.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { RefusalLine } from '../model/refusal-line.js';
import { badRequestLine, type ConnectionError } from './connection-faults.js';
import type { AnyHttpServer, HandleRequest, OwnServer } from './own-server.js';

/** Where a server listens. */
export interface ListenAddress {
  /** The address that it was told, such as `0.0.0.0`. */
  readonly host: string;
  /** The port; the one that was picked for 0. */
  readonly port: number;
  /** `http://host:port`, or `https://…` with a certificate; with an address that a client on this machine can use. */
  readonly url: string;
}

/** As Node names them, in milliseconds. */
export const timeouts = {
  /** 10 seconds, less the checking interval. */
  headersTimeout: 9_000,
  requestTimeout: 9_500,
  connectionsCheckingInterval: 500,
  /**
   * Between two requests. Longer than nginx (60 s), AWS (60 s) and most clients keep idle connections: who closes first
   * cannot be met by a request on its way, which a proxy would answer with 502.
   */
  keepAliveTimeout: 75_000,
} as const;

/** Twice the largest number of waiting connections. */
const maxTurns = 1_024;

const statusOfClientError: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** The log for failed connections, and how to find their addresses. */
export interface FaultPorts {
  readonly log: Pick<Logger, 'debug'>;
  readonly refusals: Pick<RefusalLog, 'tell'>;
  peerOf(socket: Duplex): string;
  /** Requests that may take longer than others. Default: none. */
  readonly longBodies?: Pick<LongBodies, 'has'>;
}

export function createHttpServer(handle: HandleRequest, ports: FaultPorts): OwnServer {
  const server = http.createServer(timeouts, handle);
  answerBadRequests(server, ports);
  return {
    server,
    scheme: 'http',
    drain() {},
    close: () => stopListening(server),
    cut: () => server.closeAllConnections(),
  };
}

/**
 * Resolves when the last connection has ended. Established connections are not cut: a proxy that has sent a command
 * cannot know whether it was carried out, and may not send it again.
 *
 * @param lastCame called once no new connection is possible
 */
export async function stopListening(server: AnyHttpServer, lastCame: () => void = () => undefined): Promise<void> {
  await takeWaiting(server);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    lastCame();
  });
}

/** Accepts waiting connections, which would be reset otherwise. Each turn of the event loop accepts one. */
async function takeWaiting(server: AnyHttpServer): Promise<void> {
  let isNew = false;
  const taken = () => {
    isNew = true;
  };
  server.on('connection', taken);
  for (let turn = 0, quiet = 0; turn < maxTurns && quiet < 2; turn++) {
    isNew = false;
    await new Promise((resolve) => setImmediate(resolve));
    quiet = isNew ? 0 : quiet + 1;
  }
  server.off('connection', taken);
}

/**
 * For HTTP/1.1; HTTP/2 reports errors in its own frames.
 *
 * @param findHandshakeLine for a TLS server: the log line about a failed handshake
 */
export function answerBadRequests(
  server: AnyHttpServer,
  { log, refusals, peerOf, longBodies }: FaultPorts,
  findHandshakeLine?: (error: ConnectionError, socket: Duplex) => RefusalLine | undefined,
): void {
  server.on('clientError', (error: NodeJS.ErrnoException & ConnectionError, socket: Duplex) => {
    const { code = '' } = error;
    // Told once: afterwards the connection has no such time-out any more.
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && longBodies?.has(socket)) return;
    const status = statusOfClientError[code] ?? 400;
    const handshake = findHandshakeLine?.(error, socket);
    if (handshake !== undefined) refusals.tell(handshake);
    // A reset without data is a check whether the port is open, as load balancers make every second.
    else if (code === 'ECONNRESET') log.debug({ reason: code }, 'a connection was reset');
    else refusals.tell(badRequestLine(error, status, peerOf(socket)));
    // A peer whose TLS handshake failed could not read an answer.
    if (code === 'ECONNRESET' || /^ERR_(SSL|TLS)_/.test(code) || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    // The peer may continue sending, which is not read.
    socket.once('finish', () => socket.destroy());
  });
}

/**
 * Connections that the kernel completes before they are accepted, up to `somaxconn`. With Node's 511, thousands of
 * clients that reconnect at once lose their first packet, which is sent again after 1, 3 and 7 seconds.
 */
const backlog = 4_096;

/** @throws FanfareError `ERR_LISTEN` when the port is taken or not allowed, `ERR_CLOSED` when it is closed before it listens */
export function listenOn({ server, scheme }: OwnServer, port: number, host: string): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      reject(new FanfareError('ERR_LISTEN', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    };
    // Node tells of nothing else then.
    const closed = () => reject(closedMeanwhile());
    server.once('error', failed).once('close', closed);
    server.listen({ port, host, backlog }, () => {
      server.off('error', failed).off('close', closed);
      // safe: a server that listens on a port has an address of that kind
      const address = server.address() as AddressInfo;
      const url = `${scheme}://${urlHost(address)}:${address.port}`;
      resolve({ host: address.address, port: address.port, url });
    });
  });
}

export function closedMeanwhile(): FanfareError {
  return new FanfareError('ERR_CLOSED', 'the server was closed before it listened');
}

function urlHost({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return family === 'IPv6' ? `[${address}]` : address;
}
