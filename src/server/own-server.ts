/** A server on a port that Fanfare opens, for any version of HTTP. */

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';

/** Servers that can be used: `node:http`, `node:https` and `node:http2`. */
export type AnyHttpServer = HttpServer | Http2Server | Http2SecureServer;

/** Answers requests of all versions: those of `node:http2` have the used parts of `node:http`. */
export type HandleRequest = (request: IncomingMessage, response: ServerResponse) => void;

export interface OwnServer {
  readonly server: AnyHttpServer;
  /** `http` or `https`. */
  readonly scheme: string;
  /** Tells clients of HTTP/2 connections to send further requests over new connections. */
  drain(): void;
  /** Stops listening; resolves when the last request is answered. */
  close(): Promise<void>;
  /** Ends every connection now. */
  cut(): void;
  /** Sets the certificate for new connections. Absent without TLS. */
  setCertificate?(certificate: Certificate): void;
}

/** A certificate and its key. */
export interface Certificate {
  /** In PEM: the certificate, then the intermediate certificates. */
  readonly cert: string | Buffer;
  /** The private key, in PEM. */
  readonly key: string | Buffer;
}
