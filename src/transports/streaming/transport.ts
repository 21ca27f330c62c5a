/**
 * Two-way connections over an endless HTTP response: what the client sends goes with the request that opens it and,
 * from then on, in requests of its own to the emulation endpoint.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { limitReached } from '../../engine/channels/refusal-lines.js';
import type { Node } from '../../engine/node.js';
import type { Handshake } from '../../engine/ports/connection.js';
import type { Session } from '../../engine/sessions/session.js';
import { disconnectCodes } from '../../model/codes.js';
import type { ClientGate } from '../client-gate.js';
import { corsHeaders } from '../cors.js';
import { beginStream, isWelcome, readJsonBody, refuse } from '../http-answer.js';
import type { Refusal } from '../refusal.js';
import type { AddressedSession, SessionAnswer, SessionDirectory, SessionWords } from '../session-directory.js';
import type { ClientEndpoint, Transport } from '../transport.js';
import { StreamConnection } from './connection.js';
import type { StreamFormat } from './format.js';
import { FrameOrder } from './frame-order.js';

/** What the streaming transports and the emulation endpoint of a node share. */
export interface StreamParts {
  readonly node: Node;
  readonly gate: ClientGate;
  readonly directory: SessionDirectory;
  /** Largest frame from a client, in bytes. */
  readonly maxFrameBytes: number;
}

/** The parameter of a GET that carries its first command. */
const connectParameter = 'cf_connect';

/** The first frame of a client, and the URL without it: tokens are none of the application's log's business. */
interface Opening {
  readonly frame: string;
  readonly url: string;
}

export class StreamTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #format: StreamFormat;
  readonly #parts: StreamParts;
  readonly #open = new Set<ServerResponse>();

  constructor(path: string, format: StreamFormat, parts: StreamParts) {
    this.#format = format;
    this.#parts = parts;
    this.endpoints = [{ path, handle: (request, response) => this.#handle(request, response) }];
  }

  terminateAll(): void {
    for (const response of this.#open) response.destroy();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.#tryOpen(request, response).catch((error: unknown) => {
      this.#parts.node.log.error({ err: error, transport: this.#format.name }, 'a stream cannot be opened');
      response.destroy();
    });
  }

  async #tryOpen(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { gate } = this.#parts;
    const closing = gate.findClosing();
    if (closing !== undefined) return refuse(request, response, gate, closing);
    if (!isWelcome(request, response, gate, this.#format.methods)) return;
    const opening = await this.#readOpening(request);
    if (opening === undefined || response.destroyed) return;
    const refusal = 'status' in opening ? opening : (gate.findClosing() ?? gate.findFull(request));
    if (refusal !== undefined) refuse(request, response, gate, refusal);
    else if ('frame' in opening) this.#start(request, response, opening);
  }

  async #readOpening(request: IncomingMessage): Promise<Opening | Refusal | undefined> {
    const { node, maxFrameBytes } = this.#parts;
    const url = request.url ?? '/';
    if (request.method === 'GET') return openingOfUrl(url);
    const timeoutMs = node.limits.connectTimeoutMs;
    const body = await readJsonBody(request, node.clock, { maxBytes: maxFrameBytes, timeoutMs });
    if (body === undefined || 'status' in body) return body;
    return body.text === '' ? { status: 400, message: 'a command is missing' } : { frame: body.text, url };
  }

  #start(request: IncomingMessage, response: ServerResponse, { frame, url }: Opening): void {
    const { node, gate, directory, maxFrameBytes } = this.#parts;
    const format = this.#format;
    beginStream(request, response, {
      'Content-Type': format.contentType,
      ...corsHeaders(request, gate),
    });
    response.write(format.opening);
    const address = directory.newAddress();
    const handshake: Handshake = { ...gate.handshakeOf(request), url, session: address.secret };
    const connection = new StreamConnection(format, response, node.clock);
    const session = node.open(connection, handshake);
    const order = new FrameOrder(format.encoding.protocol, node.clock, maxFrameBytes, (one) => session.receive(one));
    directory.add(address, new StreamSession({ session, order, maxFrameBytes }, gate.bindingOf(request)));
    this.#open.add(response);
    // Whatever fails on the way is the end of the response.
    response.on('error', (error) => session.connectionFailed(error));
    response.on('close', () => {
      this.#open.delete(response);
      directory.remove(address);
      order.close();
      connection.closed();
      session.connectionClosed();
    });
    order.add(frame);
  }
}

/** The session of a stream, as the emulation endpoint finds it. */
class StreamSession implements AddressedSession {
  constructor(
    private readonly parts: {
      readonly session: Session;
      readonly order: FrameOrder;
      readonly maxFrameBytes: number;
    },
    readonly binding: AddressedSession['binding'],
  ) {}

  request(frame: SessionWords): SessionAnswer {
    const { session, order, maxFrameBytes } = this.parts;
    if (typeof frame !== 'string') return { status: 400 };
    if (session.is('closed')) return { status: 404 };
    if (Buffer.byteLength(frame) > maxFrameBytes) {
      session.close(disconnectCodes.badRequest, limitReached('maxFrameBytes', maxFrameBytes));
      return { status: 413 };
    }
    // Answered even if it has to wait: a browser that waits for the answer does not send what it waits for.
    order.add(frame);
    return { status: 204 };
  }

  compromised(): void {
    this.parts.session.close(disconnectCodes.forceReconnect, 'a request of another client had its secret');
  }
}

/**
 * One command and not more: a stranger's page can make a browser send a GET, so it must not be able to do anything but
 * connect.
 */
function openingOfUrl(url: string): Opening | Refusal {
  const start = url.indexOf('?');
  const query = new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
  const [frame = '', ...more] = query.getAll(connectParameter);
  if (frame === '' || more.length > 0 || frame.trim().includes('\n')) {
    return { status: 400, message: `${connectParameter}: one command` };
  }
  query.delete(connectParameter);
  const rest = query.toString();
  return { frame, url: `${url.slice(0, start)}${rest === '' ? '' : '?'}${rest}` };
}
