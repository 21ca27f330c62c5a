/**
 * API Gateway's WebSocket API and its management API on one port of this machine, with AWS' quotas and manners. Functions
 * are whatever `invoke` calls.
 */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { FrameSizes } from './frame-sizes.js';

/** Calls a function with an event; rejects if that has failed or died. */
export type Invoke = (event: object) => Promise<unknown>;

export interface Manners {
  /** Part of the messages that are delivered twice. */
  readonly doubled: number;
  /** Longest delay of an event, each by chance. */
  readonly delayMs: number;
  /** What becomes of `$disconnect`. */
  readonly disconnects: 'once' | 'sometimes late, twice or never';
  /** Part of the calls of the management API that are answered with 429. */
  readonly throttled: number;
  readonly integrationMs: number;
  readonly idleMs: number;
  readonly lifeMs: number;
}

const usual: Manners = {
  doubled: 0,
  delayMs: 0,
  disconnects: 'once',
  throttled: 0,
  integrationMs: 29_000,
  idleMs: 600_000,
  lifeMs: 7_200_000,
};

export interface ApiGatewayOptions {
  readonly invoke: Invoke;
  readonly manners?: Partial<Manners>;
  /** Where clients connect; the path of a domain of one's own. Default: that of the stage. */
  readonly path?: string;
  /** Answers what is no call of the management API. Default: 403, as API Gateway. */
  readonly page?: (request: IncomingMessage, response: ServerResponse) => void;
  /** From 0 to below 1. Default: by chance. */
  readonly random?: () => number;
}

interface Client {
  readonly id: string;
  readonly ws: WebSocket;
  readonly connectedAt: number;
  readonly sourceIp: string;
  lastActiveAt: number;
  idle: NodeJS.Timeout;
  readonly life: NodeJS.Timeout;
}

const stage = 'test';
const maxMessageBytes = 131_072;
const maxFrameBytes = 32_768;

export class EmulatedApiGateway implements AsyncDisposable {
  readonly #options: ApiGatewayOptions;
  readonly #manners: Manners;
  readonly #random: () => number;
  readonly #clients = new Map<string, Client>();
  readonly #server = createServer((request, response) => void this.#manage(request, response));
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    // The function decides, in its answer to $connect.
    handleProtocols: () => false,
  });
  readonly #running = new Set<Promise<unknown>>();
  /** Calls of the management API, and invocations, by what they are for. */
  readonly counts = new Map<string, number>();
  #isClosed = false;

  private constructor(options: ApiGatewayOptions) {
    this.#options = options;
    this.#manners = { ...usual, ...options.manners };
    this.#random = options.random ?? Math.random;
    this.#server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
  }

  static async start(options: ApiGatewayOptions): Promise<EmulatedApiGateway> {
    const gateway = new EmulatedApiGateway(options);
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    return gateway;
  }

  get port(): number {
    // safe: it listens on TCP
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where clients connect. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}${this.#path}`;
  }

  /** Of the management API. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}/${stage}`;
  }

  get numClients(): number {
    return this.#clients.size;
  }

  get #path(): string {
    return this.#options.path ?? `/${stage}`;
  }

  /** Cuts all connections, as after two hours. */
  cutAll(): void {
    for (const { ws } of this.#clients.values()) ws.close(1001, 'Going away');
  }

  /** Resolves when no event is on its way or being handled. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const { ws, idle, life } of this.#clients.values()) {
      clearTimeout(idle);
      clearTimeout(life);
      ws.terminate();
    }
    await this.settled();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    socket.on('error', () => socket.destroy());
    if (path !== this.#path) return refuse(socket, 403);
    const id = `${randomBytes(11).toString('base64')}`;
    const sourceIp = request.socket.remoteAddress ?? '';
    const event = {
      ...this.#event('$connect', 'CONNECT', id, sourceIp),
      headers: headersOf(request),
      multiValueHeaders: Object.fromEntries(Object.entries(headersOf(request)).map(([name, value]) => [name, [value]])),
      ...(query !== '' && { queryStringParameters: Object.fromEntries(new URLSearchParams(query)) }),
    };
    const answer = await this.#invoke(event).catch(() => ({ statusCode: 500 }));
    const { statusCode = 502, headers = {} } = answer as {
      readonly statusCode?: number;
      readonly headers?: Readonly<Record<string, string>>;
    };
    if (statusCode < 200 || statusCode > 299) return refuse(socket, statusCode);
    const subprotocol = headers['Sec-WebSocket-Protocol'];
    const confirm = (lines: string[]) => {
      if (subprotocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
    };
    // Emitted before the call returns.
    this.#sockets.on('headers', confirm);
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#opened(id, ws, socket, sourceIp));
    this.#sockets.off('headers', confirm);
  }

  #opened(id: string, ws: WebSocket, socket: Duplex, sourceIp: string): void {
    const now = Date.now();
    const life = setTimeout(() => ws.close(1001, 'Going away'), this.#manners.lifeMs);
    const client = { id, ws, connectedAt: now, lastActiveAt: now, sourceIp, idle: life, life };
    this.#clients.set(id, client);
    this.#active(client);
    const sizes = new FrameSizes((bytes) => {
      if (bytes > maxFrameBytes) ws.close(1009, 'Message too big');
    });
    socket.prependListener('data', (bytes: Buffer) => sizes.read(bytes));
    ws.on('message', (data, isBinary) => {
      if (ws.readyState !== ws.OPEN) return;
      this.#active(client);
      this.#message(client, data, isBinary);
    });
    ws.on('error', () => undefined);
    ws.on('close', () => {
      clearTimeout(client.idle);
      clearTimeout(life);
      this.#clients.delete(id);
      if (!this.#isClosed) this.#disconnected(client);
    });
  }

  #active(client: Client): void {
    client.lastActiveAt = Date.now();
    if (client.idle !== client.life) clearTimeout(client.idle);
    client.idle = setTimeout(() => client.ws.close(1001, 'Going away'), this.#manners.idleMs);
  }

  #message(client: Client, data: RawData, isBinary: boolean): void {
    // safe: the server's `binaryType` is the default
    const bytes = data as Buffer;
    const event = {
      ...this.#event('$default', 'MESSAGE', client.id, client.sourceIp),
      body: bytes.toString(isBinary ? 'base64' : 'utf8'),
      isBase64Encoded: isBinary,
    };
    const { requestId } = event.requestContext;
    this.#track(
      this.#later(event).catch(() => {
        // What API Gateway tells the client of a function that has failed.
        client.ws.send(
          JSON.stringify({ message: 'Internal server error', connectionId: client.id, requestId }),
          () => undefined,
        );
      }),
    );
    if (this.#random() < this.#manners.doubled) this.#track(this.#later(event).catch(() => undefined));
  }

  #disconnected({ id, sourceIp }: Client): void {
    const event = this.#event('$disconnect', 'DISCONNECT', id, sourceIp);
    const chance = this.#manners.disconnects === 'once' ? 1 : this.#random();
    if (chance < 0.2) return;
    this.#track(this.#later(event).catch(() => undefined));
    if (chance < 0.5) this.#track(this.#later(event).catch(() => undefined));
  }

  async #later(event: object): Promise<unknown> {
    const delayMs = this.#random() * this.#manners.delayMs;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    return this.#invoke(event);
  }

  async #invoke(event: object): Promise<unknown> {
    const { integrationMs } = this.#manners;
    this.#count('invocations');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('the integration has timed out')), integrationMs);
    });
    try {
      // As text: a function gets an object of its own.
      return await Promise.race([this.#options.invoke(JSON.parse(JSON.stringify(event))), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #event(routeKey: string, eventType: string, connectionId: string, sourceIp: string) {
    const now = Date.now();
    const unique = randomBytes(11).toString('base64');
    return {
      requestContext: {
        routeKey,
        eventType,
        connectionId,
        ...(eventType === 'MESSAGE' && { messageId: unique }),
        ...(eventType === 'DISCONNECT' && { disconnectStatusCode: 1005, disconnectReason: '' }),
        extendedRequestId: unique,
        requestId: unique,
        requestTimeEpoch: now,
        connectedAt: now,
        messageDirection: 'IN',
        stage,
        apiId: 'emulated',
        domainName: `127.0.0.1:${this.port}`,
        identity: { sourceIp },
      },
      isBase64Encoded: false,
    };
  }

  /** `@connections`. */
  async #manage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#options.page !== undefined && !request.url?.startsWith(`/${stage}/`)) {
      return this.#options.page(request, response);
    }
    const match = /^\/test\/(?:@|%40)connections\/([^/?]+)/.exec(request.url ?? '');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // safe: no encoding is set
    if (match === null || request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ') !== true) {
      return answer(response, 403, 'ForbiddenException');
    }
    this.#count(`${request.method} @connections`);
    if (this.#random() < this.#manners.throttled) return answer(response, 429, 'LimitExceededException');
    const client = this.#clients.get(decodeURIComponent(match[1] ?? ''));
    if (client === undefined || client.ws.readyState !== client.ws.OPEN) return answer(response, 410, 'GoneException');
    if (request.method === 'GET') {
      const { connectedAt, lastActiveAt, sourceIp } = client;
      const times = { connectedAt: new Date(connectedAt), lastActiveAt: new Date(lastActiveAt) };
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ ...times, identity: { sourceIp } }));
    } else if (request.method === 'DELETE') {
      client.ws.close(1000, 'Connection Closed Normally');
      response.writeHead(204).end();
    } else if (request.method === 'POST') {
      const message = Buffer.concat(chunks);
      if (message.length > maxMessageBytes) return answer(response, 413, 'PayloadTooLargeException');
      this.#active(client);
      client.ws.send(message.toString(), () => undefined);
      response.writeHead(200).end();
    } else answer(response, 403, 'ForbiddenException');
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #track(work: Promise<unknown>): void {
    const done = work.finally(() => this.#running.delete(done));
    this.#running.add(done);
  }
}

/** Names as a client writes them. */
function headersOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers[rawHeaders[i] ?? ''] = rawHeaders[i + 1] ?? '';
  return headers;
}

function refuse(socket: Duplex, status: number): void {
  const body = JSON.stringify({ message: STATUS_CODES[status] });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function answer(response: ServerResponse, status: number, type: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'x-amzn-errortype': type });
  response.end(JSON.stringify({ message: type }));
}
