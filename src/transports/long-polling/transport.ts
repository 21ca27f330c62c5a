/**
 * Long polling: connections for clients whose network lets nothing through but short requests. A poll acknowledges what
 * the last one delivered, so an answer that is lost on its way is sent again.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Node } from '../../engine/node.js';
import { Turn } from '../../engine/time/turn.js';
import type { ClientGate } from '../client-gate.js';
import { corsHeaders } from '../cors.js';
import { answer, isWelcome, largeBody, readJsonBody, refuse, uncached } from '../http-answer.js';
import { Recipient } from '../recipient.js';
import type { SessionAnswer, SessionDirectory } from '../session-directory.js';
import { sessionRefusal } from '../session-refusals.js';
import type { ClientEndpoint, Transport } from '../transport.js';
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
  readonly node: Node;
  readonly gate: ClientGate;
  readonly directory: SessionDirectory;
  /** Largest frame from a client, in bytes. */
  readonly maxFrameBytes: number;
  /** How long a poll without anything to deliver hangs. */
  readonly waitMs: number;
  /** How long a session lives without a poll. */
  readonly graceMs: number;
  /** Shortest time between two batches for one client. 0: none. */
  readonly spacingMs: number;
}

/** Beside the frame: two ids and some punctuation. */
const maxEnvelopeBytes = 1_024;

const contentType = 'application/x-ndjson; charset=utf-8';

/** An answer, and the session that it is of. */
type SessionOutcome = SessionAnswer & Pick<Addressee, 'session'>;

export class LongPollingTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #parts: LongPollingParts;
  readonly #ports: PollingPorts;
  readonly #connections = new Set<PollingConnection>();
  readonly #unread: UnreadAnswers;
  #onEmpty: (() => void) | undefined;

  constructor(path: string, parts: LongPollingParts) {
    const { node, waitMs, graceMs, spacingMs } = parts;
    this.#parts = parts;
    this.#unread = new UnreadAnswers(node.clock, graceMs);
    this.#ports = {
      clock: node.clock,
      turn: new Turn(node.clock),
      deadlines: node.deadlines,
      waitMs,
      graceMs,
      spacing: new Spacing(node.clock, spacingMs),
    };
    this.endpoints = [{ path, handle: (request, response) => this.#handle(request, response) }];
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

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.#take(request, response).catch((error: unknown) => {
      this.#parts.node.log.error({ err: error, transport: 'long_polling' }, 'a request could not be answered');
      answer(response, 500, corsHeaders(request, this.#parts.gate), 'internal server error');
    });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { node, gate, maxFrameBytes } = this.#parts;
    if (!isWelcome(request, response, gate, ['POST'])) return;
    const body = await readJsonBody(request, node.clock, {
      // Within the JSON of the envelope a frame of JSON is up to twice as long: `"` is `\"`.
      maxBytes: 2 * maxFrameBytes + maxEnvelopeBytes,
      timeoutMs: node.limits.connectTimeoutMs,
    });
    if (body === undefined || request.socket.destroyed) return;
    if ('status' in body) return refuse(request, response, gate, body);
    const asked = decodeRequest(body.text);
    if (asked === undefined) return refuse(request, response, gate, { status: 400, message: 'no such request' });
    // On one connection, behind a request that is not answered yet: browsers and proxies do no such thing, and a flood
    // of polls could hold up everybody.
    if (response.socket === null && mayHang(asked)) {
      gate.logRefusal(request, { status: 400, message: 'a poll behind a poll' });
      request.socket.destroy();
      return;
    }
    const recipient = new Recipient();
    response.once('close', () => {
      if (!response.writableEnded) recipient.leave();
    });
    const outcome =
      asked.kind === 'open'
        ? await this.#open(request, response, asked, recipient)
        : await this.#pass(request, asked, recipient);
    if (outcome !== undefined) this.#answer(request, response, outcome);
  }

  /** `undefined`: it has been answered. */
  async #open(
    request: IncomingMessage,
    response: ServerResponse,
    { frame }: OpenRequest,
    recipient: Recipient,
  ): Promise<SessionOutcome | undefined> {
    const { node, gate, directory, maxFrameBytes, waitMs, graceMs } = this.#parts;
    const tooLarge = { status: 413, message: 'too large', why: largeBody(maxFrameBytes) };
    const refusal =
      Buffer.byteLength(frame) > maxFrameBytes ? tooLarge : (gate.findClosing() ?? gate.findFull(request));
    if (refusal !== undefined) {
      refuse(request, response, gate, refusal);
      return undefined;
    }
    const address = directory.newAddress();
    const connection = new PollingConnection(this.#ports, () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#onEmpty?.();
      directory.remove(address);
      session.connectionClosed();
    });
    const session = node.open(connection, gate.handshakeOf(request));
    this.#connections.add(connection);
    directory.add(address, new PollingSession({ session, connection, maxFrameBytes }, gate.bindingOf(request)));
    session.receive(frame);
    // Counts as a poll, so that one exchange connects.
    const outcome = await connection.poll(0, recipient).outcome;
    // Nobody will ever know its secret.
    if (recipient.hasLeft) connection.end();
    const { seq, frames } = outcome.kind === 'batch' ? outcome.batch : { seq: 0, frames: [] };
    return {
      session: address.secret,
      status: 200,
      body: encodeAnswer(seq, frames, { session: address.secret, node: node.id, waitMs, graceMs }),
    };
  }

  async #pass(
    request: IncomingMessage,
    { addressee, asked }: SessionRequest,
    recipient: Recipient,
  ): Promise<SessionOutcome> {
    const { gate, directory } = this.#parts;
    const { session, node } = addressee;
    const outcome = await directory.request(
      { session, node, binding: gate.bindingOf(request), words: asked },
      recipient,
    );
    // What is not there is closed.
    const isClosed = asked.kind === 'close' && outcome.status === 404;
    return { session, status: isClosed ? 204 : outcome.status, ...(outcome.body && { body: outcome.body }) };
  }

  #answer(request: IncomingMessage, response: ServerResponse, { session, status, body }: SessionOutcome): void {
    const { gate } = this.#parts;
    if (status >= 400) refuse(request, response, gate, sessionRefusal(status));
    else if (body === undefined) answer(response, status, corsHeaders(request, gate));
    if (body === undefined) return;
    this.#unread.drop(session);
    if (request.socket.destroyed) return;
    response.writeHead(status, {
      ...uncached,
      'Content-Type': contentType,
      'Content-Length': Buffer.byteLength(body),
      ...corsHeaders(request, gate),
    });
    response.end(body);
    this.#unread.watch(session, response);
  }
}

function mayHang(asked: ClientRequest): boolean {
  return asked.kind === 'open' || asked.asked.kind === 'poll';
}
