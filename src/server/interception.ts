/** Answers some of the requests of an HTTP server before anybody else on it sees them. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { AnyHttpServer } from './own-server.js';

function isHttp2Server(server: AnyHttpServer): server is Http2Server | Http2SecureServer {
  return 'updateSettings' in server;
}

/** Takes over one request. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Listeners cannot keep an event from each other, and a framework answers 404 to what it does not know: so the event
 * itself is held back. Works whether the framework listens before or after.
 *
 * @param find who answers this request; `undefined` leaves it to the others
 * @returns undoes it
 */
export function interceptRequests(
  server: AnyHttpServer,
  find: (request: IncomingMessage) => RequestHandler | undefined,
): () => void {
  // Requests of HTTP/2 are made for those who listen to them, and for nobody else.
  const onRequest = () => undefined;
  if (isHttp2Server(server)) server.on('request', onRequest);
  let isActive = true;
  const inherited = !Object.hasOwn(server, 'emit');
  const inner = server.emit;
  const emit = function (this: AnyHttpServer, event: string, ...args: unknown[]): boolean {
    if (isActive && (event === 'request' || event === 'checkContinue')) {
      // safe: both events of Node's have these arguments
      const [request, response] = args as [IncomingMessage, ServerResponse];
      const handle = find(request);
      if (handle !== undefined) {
        // RFC 9110 section 10.1.1: the client waits for leave to send its body.
        if (event === 'checkContinue') response.writeContinue();
        handle(request, response);
        return true;
      }
    }
    return Reflect.apply(inner, this, [event, ...args]);
  };
  // safe: it takes what the original takes and passes it on
  server.emit = emit as typeof inner;
  return () => {
    isActive = false;
    if (isHttp2Server(server)) server.off('request', onRequest);
    // Somebody else may have put theirs around ours, which then stays and passes everything on.
    if (server.emit !== emit) return;
    if (inherited) Reflect.deleteProperty(server, 'emit');
    else server.emit = inner;
  };
}
