/** Answers plain HTTP requests from a fixed table of endpoints. */

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { Logger } from '../engine/ports/logger.js';
import { BodyAborted, readBody } from '../http/body.js';
import type { HttpEndpoint, HttpReply, HttpRequest } from '../http/endpoint.js';
import { targetOf } from '../http/host.js';
import { headersOf, isHttp2, leaveBody } from '../http/http2.js';
import { LongBodies } from '../http/long-bodies.js';
import type { RequestHead } from '../http/request-head.js';
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

/** The log for requests without an endpoint, and how to find their addresses. */
interface RouterPorts {
  readonly log: Logger;
  readonly refusals: Pick<RefusalLog, 'tell'>;
  peerOf(request: IncomingMessage): string;
  /** Told of requests that may take long. Absent: the server has no time-outs that would end them. */
  readonly longBodies?: LongBodies;
}

export class Router {
  readonly #endpoints: ReadonlyMap<string, HttpEndpoint>;
  readonly #prefixes: readonly HttpEndpoint[];
  readonly #upgradePaths: ReadonlySet<string>;

  /** @param upgradePaths paths that only exist for upgrades */
  constructor(
    endpoints: readonly HttpEndpoint[],
    upgradePaths: readonly string[],
    private readonly ports: RouterPorts,
  ) {
    const exact = endpoints.filter(({ isPrefix }) => !isPrefix);
    this.#endpoints = new Map(exact.map((endpoint) => [endpoint.path, endpoint]));
    this.#prefixes = endpoints.filter(({ isPrefix }) => isPrefix);
    this.#upgradePaths = new Set(upgradePaths);
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    void this.#answer(request, response);
  };

  /** Never rejects. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: HttpReply;
    try {
      reply = await this.#reply(request);
    } catch (error) {
      // The connection is gone; after a time-out, the server has already answered.
      if (error instanceof BodyAborted) return;
      this.ports.log.error({ err: error }, 'HTTP endpoint failed');
      reply = plainReply(500, 'internal server error');
    }
    try {
      send(request, response, reply);
    } catch (error) {
      // An endpoint has returned invalid headers.
      this.ports.log.error({ err: error }, 'HTTP reply failed');
      response.destroy();
    }
  }

  #reply(request: IncomingMessage): HttpReply | Promise<HttpReply> {
    const path = pathOf(request);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (this.#upgradePaths.has(path)) {
      return this.#refused(request, isRead ? upgradeReply(request) : plainReply(405, 'use GET', { Allow: 'GET' }));
    }
    const endpoint = this.#endpoints.get(path) ?? this.#prefixes.find((prefix) => answers(prefix, request, path));
    if (endpoint === undefined) return this.#refused(request, plainReply(404, 'not found'));
    const isAsked = endpoint.method === 'GET' ? isRead : request.method === endpoint.method;
    if (isAsked) return endpoint.respond(new PlainRequest(request, path, this.ports));
    const allow = endpoint.method === 'GET' ? 'GET, HEAD' : endpoint.method;
    return this.#refused(request, plainReply(405, `use ${endpoint.method}`, { Allow: allow }));
  }

  #refused(request: IncomingMessage, reply: HttpReply): HttpReply {
    const { refusals, peerOf } = this.ports;
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
export function pathOf(request: RequestHead): string {
  const target = targetOf(request);
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** What an endpoint sees of a request. Of one class, since most of it is seldom asked for. */
class PlainRequest implements HttpRequest {
  #headers: IncomingHttpHeaders | undefined;

  constructor(
    private readonly request: IncomingMessage,
    readonly path: string,
    private readonly ports: Pick<RouterPorts, 'peerOf' | 'longBodies'>,
  ) {}

  /** Determined only for a refusal, since it may log a warning, and health checks of load balancers have no client. */
  get peer(): string {
    return this.ports.peerOf(this.request);
  }

  get headers(): IncomingHttpHeaders {
    this.#headers ??= headersOf(this.request);
    return this.#headers;
  }

  get query(): string {
    return targetOf(this.request).slice(this.path.length + 1);
  }

  readBody(maxBytes: number): Promise<Uint8Array | undefined> {
    return readBody(this.request, maxBytes);
  }

  chunks(): AsyncIterable<Uint8Array> {
    return (this.ports.longBodies ?? new LongBodies()).read(this.request);
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers: more, body }: HttpReply): void {
  leaveBody(request, response);
  const headers: OutgoingHttpHeaders = { ...common, 'Content-Length': Buffer.byteLength(body), ...more };
  // An answer's own `Connection` header would replace Node's.
  if (headers.Connection !== undefined) {
    const isLast = !response.shouldKeepAlive || response.getHeader('connection') === 'close';
    if (isLast) headers.Connection = `${headers.Connection}, close`;
  }
  response.writeHead(status, headers);
  // As text, it leaves together with the head.
  response.end(request.method === 'HEAD' ? undefined : body);
}
