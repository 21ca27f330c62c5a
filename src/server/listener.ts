/** The HTTP server that Fanfare opens itself, with time-outs that no silent or dripping peer outlasts. */

import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../engine/logger.js';
import { FanfareError } from '../model/fanfare-error.js';

/** Where a server can be reached. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`, with an address that a client on this machine can use. */
  readonly url: string;
}

const checkIntervalMs = 500;
/** Less the checking interval, so that nobody stays longer than 10 seconds. */
const headersTimeoutMs = 9_000;
const requestTimeoutMs = 9_500;

const statusOfClientError: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

export function createHttpServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  log: Logger,
): Server {
  const server = createServer(
    {
      connectionsCheckingInterval: checkIntervalMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
    },
    handle,
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    log.info({ reason: error.code ?? error.message }, 'bad HTTP request');
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = statusOfClientError[error.code ?? ''] ?? 400;
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    // The peer may go on sending; nothing of it is read.
    socket.once('finish', () => socket.destroy());
  });
  return server;
}

/** @throws FanfareError `ERR_LISTEN` when the port is taken or not allowed */
export function listenOn(server: Server, port: number, host: string): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      reject(new FanfareError('ERR_LISTEN', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      // safe: a server that listens on a port has an address of that kind
      const address = server.address() as AddressInfo;
      resolve({ host: address.address, port: address.port, url: `http://${urlHost(address)}:${address.port}` });
    });
  });
}

function urlHost({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost';
  return family === 'IPv6' ? `[${address}]` : address;
}
