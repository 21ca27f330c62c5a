/** One-way HTTP: an endless response with what is published in some channels, for `EventSource` and `curl`. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Node } from '../../engine/node.js';
import type { Cancel } from '../../engine/ports/clock.js';
import type { Connection, Encoding, Framing } from '../../engine/ports/connection.js';
import type { Session } from '../../engine/sessions/session.js';
import { type Pinged, PingWheel } from '../../engine/time/ping-wheel.js';
import type { Disconnect, ErrorReply } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { ClientGate } from '../client-gate.js';
import { corsHeaders } from '../cors.js';
import { answer, beginStream, isWelcome, refuse } from '../http-answer.js';
import type { Refusal } from '../refusal.js';
import { StreamConnection } from '../streaming/connection.js';
import type { ClientEndpoint, Transport } from '../transport.js';
import { type OneWayOwner, OneWayProtocol, type OneWaySubject } from './protocol.js';
import { refusalOfDisconnect, refusalOfError } from './refusal.js';
import { type OneWayRequest, readOneWayRequest } from './request.js';
import { SignsOfLife } from './signs-of-life.js';
import { eventStyle, lineStyle, type OneWayStyle } from './style.js';

/** A style over HTTP. */
interface OneWayFormat {
  readonly style: OneWayStyle;
  readonly contentType: string;
  readonly framing: Framing;
  readonly ping: Uint8Array;
}

function formatOf(style: OneWayStyle, contentType: string): OneWayFormat {
  const ping = Buffer.from(style.ping);
  // One buffer for all pings, by which a connection knows them.
  const frame: Framing['frame'] = (message) => (message === style.ping ? ping : Buffer.from(message));
  return { style, contentType, ping, framing: { name: style.name, frame } };
}

/** For `EventSource`. */
export const oneWayEvents = formatOf(eventStyle, 'text/event-stream; charset=utf-8');

/** For `curl` and everything that reads lines. */
export const oneWayLines = formatOf(lineStyle, 'application/x-ndjson; charset=utf-8');

interface OneWayParts {
  readonly format: OneWayFormat;
  readonly node: Node;
  readonly gate: ClientGate;
  /** Between two signs of life, in milliseconds. 0: none. */
  readonly signOfLifeMs: number;
}

export class OneWayStreamTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #format: OneWayFormat;
  readonly #node: Node;
  readonly #gate: ClientGate;
  readonly #signs: SignsOfLife;
  /** Consumers that are told, whatever else they are sent, that the server is there. */
  readonly #signsGiven: PingWheel;
  readonly #open = new Set<ServerResponse>();

  constructor(path: string, { format, node, gate, signOfLifeMs }: OneWayParts) {
    this.#format = format;
    this.#node = node;
    this.#gate = gate;
    this.#signsGiven = new PingWheel(node.clock, signOfLifeMs, 0);
    this.#signs = new SignsOfLife(node.clock, node.limits.pongTimeoutMs);
    this.endpoints = [{ path, handle: (request, response) => this.#handle(request, response) }];
  }

  terminateAll(): void {
    for (const response of this.#open) response.destroy();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const gate = this.#gate;
    const closing = gate.findClosing();
    if (closing !== undefined) {
      refuse(request, response, gate, closing);
      return;
    }
    if (!isWelcome(request, response, gate, ['GET'])) return;
    const wanted = readOneWayRequest(request, this.#node.limits.maxChannelsPerConnection);
    const refusal = 'status' in wanted ? wanted : gate.findFull(request);
    if (refusal !== undefined) refuse(request, response, gate, refusal);
    else if ('channels' in wanted) this.#start(request, response, wanted);
  }

  #start(request: IncomingMessage, response: ServerResponse, wanted: OneWayRequest): void {
    const node = this.#node;
    const gate = this.#gate;
    const format = this.#format;
    const connection = new OneWayStream(
      format,
      { ...wanted, retryMs: 1_000 + Math.round(node.random.unit() * 2_000) },
      node,
      response,
      {
        begin: () => {
          beginStream(request, response, { 'Content-Type': format.contentType, ...corsHeaders(request, gate) });
        },
        refuse: ({ status, message, headers }) =>
          answer(response, status, { ...corsHeaders(request, gate), ...headers }, message),
        awaitSign: this.#signs.watch(request),
      },
    );
    const session = node.open(connection, { ...gate.handshakeOf(request), url: wanted.url });
    connection.session = session;
    this.#open.add(response);
    const slot = this.#signsGiven.add(connection);
    // Whatever fails on the way is the end of the response.
    response.on('error', (error) => session.connectionFailed(error));
    response.on('close', () => {
      this.#open.delete(response);
      this.#signsGiven.remove(connection, slot);
      connection.closed();
      session.connectionClosed();
    });
    session.receive(connection.opening);
  }
}

/** What becomes of a response, once it is known. */
interface Outcome {
  begin(): void;
  /** The session has told the log why. */
  refuse(refusal: Refusal): void;
  /** Tells once when the peer gives a sign of life. */
  awaitSign(onSign: () => void): Cancel;
}

/** Holds everything back until all channels are subscribed: before that, a refusal can still be a status. */
class OneWayStream implements Connection, OneWayOwner, Pinged {
  readonly encoding: Encoding;
  /** The client's commands. */
  readonly opening: string;
  session: Session | undefined;
  readonly #format: OneWayFormat;
  readonly #node: Node;
  readonly #outcome: Outcome;
  readonly #stream: StreamConnection;
  #held: Uint8Array[] | undefined = [];
  #heldBytes = 0;
  #cancelSign: Cancel | undefined;

  constructor(
    format: OneWayFormat,
    { channels, since, token, retryMs }: OneWayRequest & OneWaySubject,
    node: Node,
    response: ServerResponse,
    outcome: Outcome,
  ) {
    const protocol = new OneWayProtocol(format.style, { channels, since, retryMs }, this);
    this.opening = protocol.opening(token);
    this.encoding = { protocol, framing: format.framing };
    this.#format = format;
    this.#node = node;
    this.#outcome = outcome;
    this.#stream = new StreamConnection({ name: format.style.name, encoding: this.encoding }, response, node.clock);
  }

  get transport(): string {
    return this.#format.style.name;
  }

  get bufferedBytes(): number {
    return this.#heldBytes + this.#stream.bufferedBytes;
  }

  write(bytes: Uint8Array): void {
    // The client cannot answer a ping; its network does.
    if (bytes === this.#format.ping) {
      this.#cancelSign?.();
      this.#cancelSign = this.#outcome.awaitSign(() => this.session?.receive('{}'));
    }
    if (this.#held === undefined) {
      if (bytes.length > 0) this.#stream.write(bytes);
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  /** Shorter than the silence that clients bear; whoever has bytes to read needs none. */
  onPingDue(): void {
    if (this.#held === undefined && this.#stream.bufferedBytes === 0) this.#stream.write(this.#format.ping);
  }

  onPongDue(): void {}

  close(disconnect: Disconnect): void {
    if (this.#held === undefined) this.#stream.close(disconnect);
    else this.#refuse(refusalOfDisconnect(disconnect));
  }

  closed(): void {
    this.#cancelSign?.();
    this.#stream.closed();
  }

  onReady(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#outcome.begin();
    for (const bytes of held) if (bytes.length > 0) this.#stream.write(bytes);
  }

  onRefused(error: ErrorReply, why?: RefusalLine): void {
    this.#node.clock.afterTurn(() => {
      if (why !== undefined) this.session?.explain(why, error.code);
      this.#refuse(refusalOfError(error));
      // The answer has said it all: there is no connection to close, with a line of its own in the log.
      this.session?.connectionClosed();
    });
  }

  onInterrupted(why: Disconnect): void {
    this.#node.clock.afterTurn(() => this.session?.close(why));
  }

  #refuse(refusal: Refusal): void {
    if (this.#held === undefined) return;
    this.#held = undefined;
    this.#stream.closed();
    this.#outcome.refuse(refusal);
  }
}
