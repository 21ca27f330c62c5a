/** A server on a port of Fanfare's own, whichever versions of HTTP it speaks. */

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';

/** What clients can be served through: `node:http`, `node:https` and `node:http2`. */
export type AnyHttpServer = HttpServer | Http2Server | Http2SecureServer;

/** Answers requests of all versions: those of `node:http2` have what is used of `node:http`. */
export type HandleRequest = (request: IncomingMessage, response: ServerResponse) => void;

export interface OwnServer {
  readonly server: AnyHttpServer;
  /** `http` or `https`. */
  readonly scheme: string;
  /** Connections that may carry many requests take no more of them: their clients open new ones, elsewhere if they can. */
  drain(): void;
  /** Stops listening; resolves when the last request is answered. */
  close(): Promise<void>;
  /** Ends every connection now. */
  cut(): void;
  /** What new connections are shown. Absent without TLS. */
  setCertificate?(certificate: Certificate): void;
}

/** How a server proves who it is. */
export interface Certificate {
  /** In PEM: its certificate, then those between it and the root. */
  readonly cert: string | Buffer;
  /** The private key, in PEM. */
  readonly key: string | Buffer;
}
