/** The HTTP server that Fanfare opens itself, with time-outs that no silent or dripping peer outlasts. */

import { createServer, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { Logger } from '../engine/ports/logger.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { RefusalLine } from '../model/refusal-line.js';
import { badRequestLine, type ConnectionError } from './connection-faults.js';
import type { AnyHttpServer, HandleRequest, OwnServer } from './own-server.js';

/** Where a server can be reached. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`, or `https://…` with a certificate; with an address that a client on this machine can use. */
  readonly url: string;
}

/** As Node names them, in milliseconds. */
export const timeouts = {
  /** Less the checking interval, so that nobody stays longer than 10 seconds. */
  headersTimeout: 9_000,
  requestTimeout: 9_500,
  connectionsCheckingInterval: 500,
  /** Between two requests; Node's own default. */
  keepAliveTimeout: 5_000,
} as const;

/** Twice as many connections as wait at most. */
const maxTurns = 1_024;

const statusOfClientError: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Who is told of connections that come to nothing, and where those are from. */
export interface FaultPorts {
  readonly log: Pick<Logger, 'debug'>;
  readonly refusals: Pick<RefusalLog, 'tell'>;
  peerOf(socket: Duplex): string;
}

export function createHttpServer(handle: HandleRequest, ports: FaultPorts): OwnServer {
  const server = createServer(timeouts, handle);
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
 * Resolves when the last connection has ended. Nobody who has got through to this port is cut off: a proxy that has sent a
 * command there cannot know whether it was carried out, and may not send it again.
 *
 * @param lastCame called once nobody can connect any more
 */
export async function stopListening(server: AnyHttpServer, lastCame: () => void = () => undefined): Promise<void> {
  await takeWaiting(server);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    lastCame();
  });
}

/** Connections that wait for the event loop would be reset. Each turn of it takes in one of them. */
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
 * Of HTTP/1.1: HTTP/2 says what is wrong in frames of its own.
 *
 * @param findHandshakeLine for a server of TLS: what to say where a handshake has failed
 */
export function answerBadRequests(
  server: AnyHttpServer,
  { log, refusals, peerOf }: FaultPorts,
  findHandshakeLine?: (error: ConnectionError, socket: Duplex) => RefusalLine | undefined,
): void {
  server.on('clientError', (error: NodeJS.ErrnoException & ConnectionError, socket: Duplex) => {
    const { code = '' } = error;
    const status = statusOfClientError[code] ?? 400;
    const handshake = findHandshakeLine?.(error, socket);
    if (handshake !== undefined) refusals.tell(handshake);
    // Who connects and resets the connection asks whether somebody is there, as load balancers do each second.
    else if (code === 'ECONNRESET') log.debug({ reason: code }, 'a connection was reset');
    else refusals.tell(badRequestLine(error, status, peerOf(socket)));
    // Who does not get through the handshake of TLS would not understand an answer.
    if (code === 'ECONNRESET' || /^ERR_(SSL|TLS)_/.test(code) || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    // The peer may go on sending; nothing of it is read.
    socket.once('finish', () => socket.destroy());
  });
}

/**
 * Connections that the kernel completes before they are accepted; it takes no more than `somaxconn` says. With Node's 511,
 * thousands that come back at once lose their first packet, which is sent again after 1, 3 and 7 seconds.
 */
const backlog = 4_096;

/** @throws FanfareError `ERR_LISTEN` when the port is taken or not allowed */
export function listenOn({ server, scheme }: OwnServer, port: number, host: string): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      reject(new FanfareError('ERR_LISTEN', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    };
    server.once('error', failed);
    server.listen({ port, host, backlog }, () => {
      server.off('error', failed);
      // safe: a server that listens on a port has an address of that kind
      const address = server.address() as AddressInfo;
      const url = `${scheme}://${urlHost(address)}:${address.port}`;
      resolve({ host: address.address, port: address.port, url });
    });
  });
}

function urlHost({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return family === 'IPv6' ? `[${address}]` : address;
}
