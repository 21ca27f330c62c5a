/** The way back of the streaming transports: commands of a client, each request for the session that it names. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { corsHeaders } from '../cors.js';
import { answer, isWelcome, readJsonBody, refuse } from '../http-answer.js';
import { Recipient } from '../recipient.js';
import type { SessionAnswer } from '../session-directory.js';
import { sessionRefusal } from '../session-refusals.js';
import type { ClientEndpoint, Transport } from '../transport.js';
import type { StreamParts } from './transport.js';

/** Beside the frame: two ids and some punctuation. */
const maxEnvelopeBytes = 1_024;

/** What the official SDK posts. */
interface EmulationRequest {
  readonly session: string;
  readonly node: string;
  /** A frame of commands. */
  readonly data: string;
}

export class EmulationTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #parts: StreamParts;

  constructor(path: string, parts: StreamParts) {
    this.#parts = parts;
    this.endpoints = [{ path, handle: (request, response) => this.#handle(request, response) }];
  }

  /** Every request is over in a moment. */
  terminateAll(): void {}

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.#pass(request, response).catch((error: unknown) => {
      this.#parts.node.log.error({ err: error }, 'a request could not be passed to its session');
      answer(response, 500, corsHeaders(request, this.#parts.gate), 'internal server error');
    });
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { node, gate, directory, maxFrameBytes } = this.#parts;
    if (!isWelcome(request, response, gate, ['POST'])) return;
    const body = await readJsonBody(request, node.clock, {
      // Within the JSON of the envelope a frame of JSON is up to twice as long: `"` is `\"`.
      maxBytes: 2 * maxFrameBytes + maxEnvelopeBytes,
      timeoutMs: node.limits.connectTimeoutMs,
    });
    if (body === undefined) return;
    if ('status' in body) return refuse(request, response, gate, body);
    const envelope = decode(body.text);
    if (envelope === undefined) {
      return refuse(request, response, gate, { status: 400, message: 'session, node and data are strings' });
    }
    const recipient = new Recipient();
    response.once('close', () => {
      if (!response.writableEnded) recipient.leave();
    });
    const { session, node: nodeId, data } = envelope;
    const binding = gate.bindingOf(request);
    const outcome = await directory.request({ session, node: nodeId, binding, words: data }, recipient);
    this.#answer(request, response, outcome);
  }

  #answer(request: IncomingMessage, response: ServerResponse, { status }: SessionAnswer): void {
    const { gate } = this.#parts;
    if (status < 400) answer(response, status, corsHeaders(request, gate));
    else refuse(request, response, gate, sessionRefusal(status));
  }
}

function decode(text: string): EmulationRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: like everything else that is no such request.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { session, node, data } = value as Partial<Record<keyof EmulationRequest, unknown>>;
  if (typeof session !== 'string' || typeof node !== 'string' || typeof data !== 'string') return undefined;
  return { session, node, data };
}
