/**
 * Two-way connections over an endless HTTP response: the client's first frame is in the request that opens it, later
 * ones are in separate requests to the emulation endpoint.
 */

import { limitReached } from '../../engine/channels/refusal-lines.js';
import type { Handshake } from '../../engine/ports/connection.js';
import type { Session } from '../../engine/sessions/session.js';
import type { AnswerStream } from '../../http/exchange.js';
import { disconnectCodes } from '../../model/codes.js';
import type { EncodedMessage } from '../../protocols/protocol.js';
import { jsonType, protobufType } from '../body-types.js';
import type { ClientGate } from '../client-gate.js';
import { type Exchange, plainEndpoint } from '../exchange.js';
import { Goodbyes } from '../goodbyes.js';
import type { Refusal } from '../refusal.js';
import type { AddressedSession, SessionAnswer, SessionDirectory, SessionWords } from '../session-directory.js';
import type { ClientEndpoint, Transport, TransportPorts } from '../transport.js';
import { StreamConnection } from './connection.js';
import type { StreamCodec, StreamFormat } from './format.js';
import { FrameOrder } from './frame-order.js';

/** What the streaming transports and the emulation endpoint of a node share. */
export interface StreamParts {
  readonly ports: TransportPorts;
  readonly gate: ClientGate;
  readonly directory: SessionDirectory;
  /** Largest frame from a client, in bytes. */
  readonly maxFrameBytes: number;
}

/** The parameter of a GET with the client's first command. */
const connectParameter = 'cf_connect';

/** The first frame of a client, and the URL without it, so that tokens are not logged. */
interface Opening {
  readonly frame: EncodedMessage;
  readonly codec: StreamCodec;
  readonly url: string;
}

export class StreamTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #format: StreamFormat;
  readonly #parts: StreamParts;
  readonly #open = new Set<AnswerStream>();
  /** Of answers that something else ends. */
  readonly #goodbyes: Goodbyes<{ readonly session: Session }>;

  constructor(path: string, format: StreamFormat, parts: StreamParts) {
    this.#format = format;
    this.#parts = parts;
    this.#goodbyes = new Goodbyes(parts.ports);
    this.endpoints = [plainEndpoint(path, format.name, parts, (exchange) => this.#tryOpen(exchange))];
  }

  terminateAll(): void {
    for (const stream of this.#open) stream.destroy();
  }

  async #tryOpen(exchange: Exchange): Promise<void> {
    const { gate } = this.#parts;
    const closing = gate.findClosing();
    if (closing !== undefined) return exchange.refuse(closing);
    if (!exchange.isWelcome(this.#format.methods)) return;
    const opening = await this.#readOpening(exchange);
    if (opening === undefined || exchange.http.isOver) return;
    const refusal = 'status' in opening ? opening : (gate.findClosing() ?? gate.findFull(exchange.head));
    if (refusal !== undefined) exchange.refuse(refusal);
    else if ('frame' in opening) this.#start(exchange, opening);
  }

  async #readOpening(exchange: Exchange): Promise<Opening | Refusal | undefined> {
    const { text, binary } = this.#format;
    const { method, url = '/' } = exchange.head;
    if (method === 'GET') return openingOfUrl(url, text);
    const types = binary === undefined ? [jsonType] : [jsonType, protobufType];
    const frame = await exchange.readBody(this.#parts.maxFrameBytes, types);
    if (frame === undefined) return undefined;
    if (frame.length === 0) return { status: 400, message: 'a command is missing' };
    return { frame, codec: typeof frame === 'string' ? text : (binary ?? text), url };
  }

  #start(exchange: Exchange, { frame, codec, url }: Opening): void {
    const { ports, gate, directory, maxFrameBytes } = this.#parts;
    const { head, stream } = exchange;
    const { encoding } = codec;
    exchange.begin(codec.contentType);
    stream.write(codec.opening);
    const address = directory.newAddress();
    const handshake: Handshake = { ...gate.handshakeOf(head), url, session: address.secret };
    const connection = new StreamConnection(this.#format.name, encoding, stream, ports.clock);
    const session = ports.open(connection, handshake);
    const order = new FrameOrder(encoding.protocol, ports.clock, maxFrameBytes, (one) => session.receive(one));
    directory.add(address, new StreamSession({ session, order, maxFrameBytes }, gate.bindingOf(head)));
    this.#open.add(stream);
    const { endsInMs } = exchange.http;
    const ending = endsInMs === undefined ? undefined : { session };
    if (ending !== undefined && endsInMs !== undefined) this.#goodbyes.schedule(ending, endsInMs);
    // Any failure ends the answer.
    stream.on('error', (error) => session.connectionFailed(error));
    stream.on('close', () => {
      this.#open.delete(stream);
      if (ending !== undefined) this.#goodbyes.cancel(ending);
      directory.remove(address);
      order.close();
      connection.closed();
      session.connectionClosed();
    });
    order.add(frame);
  }
}

/** The session of a stream, for the emulation endpoint. */
class StreamSession implements AddressedSession {
  constructor(
    private readonly parts: { readonly session: Session; readonly order: FrameOrder; readonly maxFrameBytes: number },
    readonly binding: AddressedSession['binding'],
  ) {}

  request(frame: SessionWords): SessionAnswer {
    const { session, order, maxFrameBytes } = this.parts;
    if (typeof frame !== 'string' && !(frame instanceof Uint8Array)) return { status: 400 };
    if (session.is('closed')) return { status: 404 };
    if (Buffer.byteLength(frame) > maxFrameBytes) {
      session.close(disconnectCodes.badRequest, limitReached('maxFrameBytes', maxFrameBytes));
      return { status: 413 };
    }
    // Answered even if the frame has to wait, since a browser may hold back the missing frame until then.
    order.add(frame);
    return { status: 204 };
  }

  compromised(): void {
    this.parts.session.close(disconnectCodes.forceReconnect, 'a request of another client had its secret');
  }
}

/** Only one command: another site's page can make a browser send a GET, which must not do more than connect. */
function openingOfUrl(url: string, codec: StreamCodec): Opening | Refusal {
  const start = url.indexOf('?');
  const query = new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
  const [frame = '', ...more] = query.getAll(connectParameter);
  if (frame === '' || more.length > 0 || frame.trim().includes('\n')) {
    return { status: 400, message: `${connectParameter}: one command` };
  }
  query.delete(connectParameter);
  const rest = query.toString();
  return { frame, codec, url: `${url.slice(0, start)}${rest === '' ? '' : '?'}${rest}` };
}
