/** One-way HTTP: an endless response with the publications of some channels, for `EventSource` and `curl`. */

import type { Cancel } from '../../engine/ports/clock.js';
import type { Connection, Encoding, Framing } from '../../engine/ports/connection.js';
import type { Session } from '../../engine/sessions/session.js';
import { type Pinged, PingWheel } from '../../engine/time/ping-wheel.js';
import type { AnswerStream } from '../../http/exchange.js';
import type { Disconnect, ErrorReply } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { ClientGate } from '../client-gate.js';
import { type Exchange, plainEndpoint } from '../exchange.js';
import { Goodbyes } from '../goodbyes.js';
import type { Refusal } from '../refusal.js';
import { refusalOfDisconnect, refusalOfError } from '../refusal-status.js';
import { StreamConnection } from '../streaming/connection.js';
import type { ClientEndpoint, Transport, TransportPorts } from '../transport.js';
import { type OneWayOwner, OneWayProtocol, type OneWaySubject } from './protocol.js';
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
  // One buffer for all pings, so that a connection recognises them.
  const frame: Framing['frame'] = (message) => (message === style.ping ? ping : Buffer.from(message));
  return { style, contentType, ping, framing: { name: style.name, frame } };
}

/** For `EventSource`. */
export const oneWayEvents = formatOf(eventStyle, 'text/event-stream; charset=utf-8');

/** For `curl` and other readers of lines. */
export const oneWayLines = formatOf(lineStyle, 'application/x-ndjson; charset=utf-8');

interface OneWayParts {
  readonly format: OneWayFormat;
  readonly ports: TransportPorts;
  readonly gate: ClientGate;
  /** Interval of heartbeats, in milliseconds. 0: none. */
  readonly signOfLifeMs: number;
}

export class OneWayStreamTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #format: OneWayFormat;
  readonly #ports: TransportPorts;
  readonly #gate: ClientGate;
  readonly #signs: SignsOfLife;
  /** Consumers that get heartbeats. */
  readonly #signsGiven: PingWheel;
  readonly #open = new Set<AnswerStream>();
  /** Of answers that something else ends. */
  readonly #goodbyes: Goodbyes<OneWayStream>;

  constructor(path: string, parts: OneWayParts) {
    const { format, ports, gate, signOfLifeMs } = parts;
    this.#format = format;
    this.#ports = ports;
    this.#gate = gate;
    this.#goodbyes = new Goodbyes(ports);
    this.#signsGiven = new PingWheel(ports.clock, signOfLifeMs, 0);
    this.#signs = new SignsOfLife(ports.clock, ports.limits.pongTimeoutMs);
    this.endpoints = [plainEndpoint(path, format.style.name, parts, (exchange) => this.#take(exchange))];
  }

  terminateAll(): void {
    for (const stream of this.#open) stream.destroy();
  }

  #take(exchange: Exchange): void {
    const gate = this.#gate;
    const closing = gate.findClosing();
    if (closing !== undefined) {
      exchange.refuse(closing);
      return;
    }
    if (!exchange.isWelcome(['GET'])) return;
    const wanted = readOneWayRequest(exchange.head, this.#ports.limits.maxChannelsPerConnection);
    const refusal = 'status' in wanted ? wanted : gate.findFull(exchange.head);
    if (refusal !== undefined) exchange.refuse(refusal);
    else if ('channels' in wanted) this.#start(exchange, wanted);
  }

  #start(exchange: Exchange, wanted: OneWayRequest): void {
    const ports = this.#ports;
    const { head, stream } = exchange;
    const connection = new OneWayStream(
      this.#format,
      { ...wanted, retryMs: 1_000 + Math.round(ports.random.unit() * 2_000) },
      ports,
      stream,
      {
        begin: () => exchange.begin(this.#format.contentType),
        refuse: ({ status, message, headers }) => exchange.answer(status, `${message}\n`, headers),
        awaitSign: this.#signs.watch(exchange.http),
      },
    );
    const session = ports.open(connection, { ...this.#gate.handshakeOf(head), url: wanted.url });
    connection.session = session;
    this.#open.add(stream);
    const slot = this.#signsGiven.add(connection);
    const { endsInMs } = exchange.http;
    if (endsInMs !== undefined) this.#goodbyes.schedule(connection, endsInMs);
    // Any failure ends the answer.
    stream.on('error', (error) => session.connectionFailed(error));
    stream.on('close', () => {
      this.#open.delete(stream);
      if (this.#goodbyes.size > 0) this.#goodbyes.cancel(connection);
      this.#signsGiven.remove(connection, slot);
      connection.closed();
      session.connectionClosed();
    });
    session.receive(connection.opening);
  }
}

/** The result of a request. */
interface Outcome {
  begin(): void;
  /** The session has already logged the reason. */
  refuse(refusal: Refusal): void;
  /** Calls back once, at the peer's next sign of life. */
  awaitSign(onSign: () => void): Cancel;
}

/** Holds all data back until all channels are subscribed, so that a refusal can be an HTTP status. */
class OneWayStream implements Connection, OneWayOwner, Pinged {
  readonly encoding: Encoding;
  /** The client's commands. */
  readonly opening: string;
  session: Session | undefined;
  readonly #stream: StreamConnection;
  #held: Uint8Array[] | undefined = [];
  #heldBytes = 0;
  #cancelSign: Cancel | undefined;

  constructor(
    private readonly format: OneWayFormat,
    { channels, since, token, retryMs }: OneWayRequest & OneWaySubject,
    private readonly ports: TransportPorts,
    stream: AnswerStream,
    private readonly outcome: Outcome,
  ) {
    const protocol = new OneWayProtocol(format.style, { channels, since, retryMs }, this);
    this.opening = protocol.opening(token);
    this.encoding = { protocol, framing: format.framing };
    this.#stream = new StreamConnection(format.style.name, this.encoding, stream, ports.clock);
  }

  get transport(): string {
    return this.format.style.name;
  }

  get bufferedBytes(): number {
    return this.#heldBytes + this.#stream.bufferedBytes;
  }

  write(bytes: Uint8Array): void {
    // The client cannot answer a ping, but its network can.
    if (bytes === this.format.ping) {
      this.#cancelSign?.();
      this.#cancelSign = this.outcome.awaitSign(() => this.session?.receive('{}'));
    }
    if (this.#held === undefined) {
      if (bytes.length > 0) this.#stream.write(bytes);
      return;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  /** More frequent than clients' time-outs; not needed while bytes wait to be read. */
  onPingDue(): void {
    if (this.#held === undefined && this.#stream.bufferedBytes === 0) this.#stream.write(this.format.ping);
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

  onNext(frame: string): void {
    this.ports.clock.afterTurn(() => this.session?.receive(frame));
  }

  onReady(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#heldBytes = 0;
    this.outcome.begin();
    for (const bytes of held) if (bytes.length > 0) this.#stream.write(bytes);
  }

  onRefused(error: ErrorReply, why?: RefusalLine): void {
    this.ports.clock.afterTurn(() => {
      if (why !== undefined) this.session?.explain(why, error.code);
      this.#refuse(refusalOfError(error));
      // The refusal was sent as an answer, so there is no connection to close or to log.
      this.session?.connectionClosed();
    });
  }

  onInterrupted(why: Disconnect): void {
    this.ports.clock.afterTurn(() => this.session?.close(why));
  }

  #refuse(refusal: Refusal): void {
    if (this.#held === undefined) return;
    this.#held = undefined;
    this.#stream.closed();
    this.outcome.refuse(refusal);
  }
}
