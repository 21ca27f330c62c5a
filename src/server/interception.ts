/** Answers some of the requests and upgrades of an HTTP server before other listeners get them. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerWithoutUpgrade, isLeftToNode } from './ignored-upgrade.js';
import type { AnyHttpServer } from './own-server.js';

function isHttp2Server(server: AnyHttpServer): server is Http2Server | Http2SecureServer {
  return 'updateSettings' in server;
}

/** Handles one request. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Handles one upgrade. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface Interception {
  /** The handler for this request; `undefined` leaves it to other listeners. */
  findHandler(request: IncomingMessage): RequestHandler | undefined;
  /** The same for an upgrade. `ignored`: the request is answered as if it had no `Upgrade` header. */
  findUpgrade(request: IncomingMessage): UpgradeHandler | 'ignored' | undefined;
}

/** Newer Node versions call this for each upgrade; others check whether there is a listener. */
interface UpgradingServer {
  shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
}

/**
 * Listeners cannot keep an event from each other, and a framework answers 404 to what it does not know: so the event
 * itself is held back. Works whether the framework listens before or after.
 *
 * @returns undoes it
 */
export function intercept(server: AnyHttpServer, { findHandler, findUpgrade }: Interception): () => void {
  // HTTP/2 requests are only created if there is a listener.
  const onRequest = () => undefined;
  if (isHttp2Server(server)) server.on('request', onRequest);
  // The last response of a connection, after which the requests behind an ignored upgrade are answered.
  const responses = new WeakMap<Socket, ServerResponse>();
  let isActive = true;
  const inherited = !Object.hasOwn(server, 'emit');
  const inner = server.emit;
  const emit = function (this: AnyHttpServer, event: string, ...args: unknown[]): boolean {
    if (isActive && (event === 'request' || event === 'checkContinue')) {
      // safe: both events of Node's have these arguments
      const [request, response] = args as [IncomingMessage, ServerResponse];
      if (request.httpVersionMajor < 2) responses.set(request.socket, response);
      const handle = findHandler(request);
      if (handle !== undefined) {
        // RFC 9110 section 10.1.1: the client waits for permission to send its body.
        if (event === 'checkContinue') response.writeContinue();
        handle(request, response);
        return true;
      }
    }
    if (isActive && event === 'upgrade') {
      // safe: the event of Node's has these arguments
      const [request, socket, head] = args as [IncomingMessage, Duplex, Buffer];
      const upgrade = findUpgrade(request);
      if (upgrade === 'ignored') {
        answerWithoutUpgrade(server, request, socket, head, responses.get(request.socket));
        return true;
      }
      if (upgrade !== undefined) {
        upgrade(request, socket, head);
        return true;
      }
    }
    return Reflect.apply(inner, this, [event, ...args]);
  };
  // safe: it passes the original's arguments on
  server.emit = emit as typeof inner;
  const release = decideUpgrades(server, findUpgrade);
  return () => {
    isActive = false;
    release();
    if (isHttp2Server(server)) server.off('request', onRequest);
    // Others may have wrapped ours, which then stays and passes everything on.
    if (server.emit !== emit) return;
    if (inherited) Reflect.deleteProperty(server, 'emit');
    else server.emit = inner;
  };
}

/** If Node calls this before it upgrades, the application's own callback decides about upgrades that are left to it. */
function decideUpgrades(asked: AnyHttpServer, findUpgrade: Interception['findUpgrade']): () => void {
  const server: AnyHttpServer & UpgradingServer = asked;
  const inner = server.shouldUpgradeCallback;
  if (inner === undefined) return () => undefined;
  let isActive = true;
  const decide = (request: IncomingMessage): boolean => {
    const upgrade = isActive ? findUpgrade(request) : undefined;
    if (upgrade === undefined) return Reflect.apply(inner, server, [request]);
    return upgrade !== 'ignored' || !isLeftToNode(request);
  };
  server.shouldUpgradeCallback = decide;
  return () => {
    isActive = false;
    if (server.shouldUpgradeCallback === decide) server.shouldUpgradeCallback = inner;
  };
}
