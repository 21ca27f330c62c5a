/**
 * Long polling: connections for clients whose network permits only short requests. A poll acknowledges the previous
 * batch, so a lost answer is sent again.
 */

import { Turn } from '../../engine/time/turn.js';
import type { ClientGate } from '../client-gate.js';
import { type Exchange, largeBody, plainEndpoint } from '../exchange.js';
import type { SessionAnswer, SessionDirectory } from '../session-directory.js';
import { sessionRefusal } from '../session-refusals.js';
import type { ClientEndpoint, Transport, TransportPorts } from '../transport.js';
import { PollingConnection, type PollingPorts } from './connection.js';
import {
  type Addressee,
  type ClientRequest,
  decodeRequest,
  encodeAnswer,
  type OpenRequest,
  type SessionRequest,
} from './messages.js';
import { PollingSession } from './session.js';
import { Spacing } from './spacing.js';
import { UnreadAnswers } from './unread-answers.js';

interface LongPollingParts {
  readonly ports: TransportPorts;
  readonly gate: ClientGate;
  readonly directory: SessionDirectory;
  /** Largest frame from a client, in bytes. */
  readonly maxFrameBytes: number;
  /** How long a poll without data waits. */
  readonly waitMs: number;
  /** How long a session lives without a poll. */
  readonly graceMs: number;
  /** Shortest time between two batches for one client. 0: none. */
  readonly spacingMs: number;
}

const contentType = 'application/x-ndjson; charset=utf-8';

/** An answer with its session. */
type SessionOutcome = SessionAnswer & Addressee;

export class LongPollingTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #parts: LongPollingParts;
  readonly #ports: PollingPorts;
  readonly #connections = new Set<PollingConnection>();
  readonly #unread: UnreadAnswers;
  #onEmpty: (() => void) | undefined;

  constructor(path: string, parts: LongPollingParts) {
    const { ports, waitMs, graceMs, spacingMs } = parts;
    this.#parts = parts;
    this.#unread = new UnreadAnswers(ports.clock, graceMs);
    this.#ports = {
      clock: ports.clock,
      turn: new Turn(ports.clock),
      deadlines: ports.deadlines,
      waitMs,
      graceMs,
      spacing: new Spacing(ports.clock, spacingMs),
    };
    this.endpoints = [plainEndpoint(path, 'long_polling', parts, (exchange) => this.#take(exchange))];
  }

  async settled(): Promise<void> {
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  terminateAll(): void {
    for (const connection of this.#connections) connection.end();
  }

  async #take(exchange: Exchange): Promise<void> {
    const { gate, maxFrameBytes } = this.#parts;
    if (!exchange.isWelcome(['POST'])) return;
    const text = await exchange.readJsonEnvelope(maxFrameBytes);
    if (text === undefined) return;
    const asked = decodeRequest(text);
    if (asked === undefined) return exchange.refuse({ status: 400, message: 'no such request' });
    // Browsers and proxies do not do that, and a flood of such polls could delay other clients.
    if (exchange.http.isQueued && mayHang(asked)) {
      gate.noteRefusal(exchange.head, { status: 400, message: 'a poll behind a poll' });
      exchange.http.cut();
      return;
    }
    const outcome = await (asked.kind === 'open' ? this.#open(exchange, asked) : this.#pass(exchange, asked));
    if (outcome !== undefined) this.#answer(exchange, outcome);
  }

  /** `undefined`: the request has been answered. */
  async #open(exchange: Exchange, { frame }: OpenRequest): Promise<SessionOutcome | undefined> {
    const { ports, gate, directory, maxFrameBytes, waitMs, graceMs } = this.#parts;
    const { head } = exchange;
    const tooLarge = { status: 413, message: 'too large', why: largeBody(maxFrameBytes) };
    const refusal = Buffer.byteLength(frame) > maxFrameBytes ? tooLarge : (gate.findClosing() ?? gate.findFull(head));
    if (refusal !== undefined) {
      exchange.refuse(refusal);
      return undefined;
    }
    const address = directory.newAddress();
    const connection = new PollingConnection(this.#ports, () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#onEmpty?.();
      directory.remove(address);
      session.connectionClosed();
    });
    const session = ports.open(connection, gate.handshakeOf(head));
    this.#connections.add(connection);
    directory.add(address, new PollingSession({ session, connection, maxFrameBytes }, gate.bindingOf(head)));
    session.receive(frame);
    // Counts as a poll, so that one request suffices to connect.
    const recipient = exchange.recipient();
    const outcome = await connection.poll(0, recipient).outcome;
    // The client will never learn the session's secret.
    if (recipient.hasLeft) connection.end();
    const { seq, frames } = outcome.kind === 'batch' ? outcome.batch : { seq: 0, frames: [] };
    return {
      session: address.secret,
      node: ports.id,
      status: 200,
      body: encodeAnswer(seq, frames, { session: address.secret, node: ports.id, waitMs, graceMs }),
    };
  }

  async #pass(exchange: Exchange, { addressee, asked }: SessionRequest): Promise<SessionOutcome> {
    const { gate, directory } = this.#parts;
    const request = { ...addressee, binding: gate.bindingOf(exchange.head), words: asked };
    const outcome = await directory.request(request, exchange.recipient());
    // A missing session counts as closed.
    const isClosed = asked.kind === 'close' && outcome.status === 404;
    return { ...addressee, status: isClosed ? 204 : outcome.status, ...(outcome.body && { body: outcome.body }) };
  }

  #answer(exchange: Exchange, { session, node, status, body }: SessionOutcome): void {
    if (status >= 400) exchange.refuse(sessionRefusal(status, node));
    else if (body === undefined) exchange.answer(status);
    if (body === undefined) return;
    this.#unread.drop(session);
    if (exchange.http.isOver) return;
    exchange.answer(status, body, { 'Content-Type': contentType });
    this.#unread.watch(session, exchange.http);
  }
}

function mayHang(asked: ClientRequest): boolean {
  return asked.kind === 'open' || asked.asked.kind === 'poll';
}
