/** Answers plain HTTP requests from a fixed table of endpoints. */

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { Logger } from '../engine/ports/logger.js';
import { BodyAborted, readBody } from '../http/body.js';
import type { HttpEndpoint, HttpReply, HttpRequest } from '../http/endpoint.js';
import { targetOf } from '../http/host.js';
import { headersOf, isHttp2, leaveBody } from '../http/http2.js';
import { unservedPathLine, wrongKindLine } from './unserved-paths.js';

const common = { 'X-Content-Type-Options': 'nosniff' } as const;

function plainReply(status: number, text: string, headers: Readonly<Record<string, string>> = {}): HttpReply {
  return {
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...headers },
    body: `${text}\n`,
  };
}

/** A connection of HTTP/2 cannot be upgraded, nor told that it should be (RFC 9113, 8.6). */
function upgradeReply(request: IncomingMessage): HttpReply {
  return isHttp2(request)
    ? plainReply(400, 'this endpoint speaks WebSocket, over HTTP/1.1')
    : plainReply(426, 'this endpoint speaks WebSocket', { Upgrade: 'websocket', Connection: 'Upgrade' });
}

/** Who is told of requests for which there is nothing, and where those are from. */
interface RouterPorts {
  readonly log: Logger;
  readonly refusals: Pick<RefusalLog, 'tell'>;
  peerOf(request: IncomingMessage): string;
}

export class Router {
  readonly #endpoints: ReadonlyMap<string, HttpEndpoint>;
  readonly #prefixes: readonly HttpEndpoint[];
  readonly #upgradePaths: ReadonlySet<string>;
  readonly #ports: RouterPorts;

  /** @param upgradePaths paths that exist for upgrades alone */
  constructor(endpoints: readonly HttpEndpoint[], upgradePaths: readonly string[], ports: RouterPorts) {
    const exact = endpoints.filter(({ isPrefix }) => !isPrefix);
    this.#endpoints = new Map(exact.map((endpoint) => [endpoint.path, endpoint]));
    this.#prefixes = endpoints.filter(({ isPrefix }) => isPrefix);
    this.#upgradePaths = new Set(upgradePaths);
    this.#ports = ports;
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#reply(request)
      .catch((error: unknown) => {
        // There is nobody left to answer; who cut the connection for taking too long has answered.
        if (error instanceof BodyAborted) return undefined;
        this.#ports.log.error({ err: error }, 'HTTP endpoint failed');
        return plainReply(500, 'internal server error');
      })
      .then((reply) => reply && send(request, response, reply))
      .catch((error: unknown) => {
        // An endpoint has given headers that HTTP cannot carry.
        this.#ports.log.error({ err: error }, 'HTTP reply failed');
        response.destroy();
      });
  };

  async #reply(request: IncomingMessage): Promise<HttpReply> {
    const path = pathOf(request);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (this.#upgradePaths.has(path)) {
      return this.#refused(request, isRead ? upgradeReply(request) : plainReply(405, 'use GET', { Allow: 'GET' }));
    }
    const endpoint = this.#endpoints.get(path) ?? this.#prefixes.find((prefix) => answers(prefix, request, path));
    if (endpoint === undefined) return this.#refused(request, plainReply(404, 'not found'));
    const isAsked = endpoint.method === 'GET' ? isRead : request.method === endpoint.method;
    if (isAsked) return endpoint.respond(requestOf(request, this.#ports.peerOf));
    const allow = endpoint.method === 'GET' ? 'GET, HEAD' : endpoint.method;
    return this.#refused(request, plainReply(405, `use ${endpoint.method}`, { Allow: allow }));
  }

  #refused(request: IncomingMessage, reply: HttpReply): HttpReply {
    const { refusals, peerOf } = this.#ports;
    const path = pathOf(request);
    const { method = '' } = request;
    const known = [...this.#endpoints.keys(), ...this.#upgradePaths];
    const expected = reply.headers?.Allow ?? 'a WebSocket handshake over HTTP/1.1';
    refusals.tell(
      reply.status === 404
        ? unservedPathLine(path, known, peerOf(request))
        : wrongKindLine(reply.status, path, method, expected, peerOf(request)),
    );
    return reply;
  }
}

function answers(prefix: HttpEndpoint, { method }: IncomingMessage, path: string): boolean {
  return method === prefix.method && path.startsWith(prefix.path);
}

/** The path as it was sent: no decoding, so no two spellings of one endpoint. */
export function pathOf(request: IncomingMessage): string {
  const target = targetOf(request);
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

function requestOf(request: IncomingMessage, peerOf: (request: IncomingMessage) => string): HttpRequest {
  return {
    // Looked for only when somebody is refused: a load balancer's own checks say nothing of a client, which would be told of.
    get peer() {
      return peerOf(request);
    },
    headers: headersOf(request),
    path: pathOf(request),
    query: targetOf(request).slice(pathOf(request).length + 1),
    readBody: (maxBytes) => readBody(request, maxBytes),
  };
}

function send(request: IncomingMessage, response: ServerResponse, reply: HttpReply): void {
  const body = Buffer.from(reply.body);
  leaveBody(request, response);
  const headers: OutgoingHttpHeaders = { ...common, 'Content-Length': body.length, ...reply.headers };
  // What an answer says of its connection would take the place of what becomes of it.
  const isLast = !response.shouldKeepAlive || response.getHeader('connection') === 'close';
  if (headers.Connection !== undefined && isLast) headers.Connection = `${headers.Connection}, close`;
  response.writeHead(reply.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}
