/** Commands of clients of the streaming transports: each request names its session. */

import { type Exchange, plainEndpoint } from '../exchange.js';
import { fieldsOf } from '../json-fields.js';
import { sessionRefusal } from '../session-refusals.js';
import type { ClientEndpoint, Transport } from '../transport.js';
import type { StreamParts } from './transport.js';

/** The body that the official SDK posts. */
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
    this.endpoints = [plainEndpoint(path, 'emulation', parts, (exchange) => this.#pass(exchange))];
  }

  /** Nothing to do: requests are short. */
  terminateAll(): void {}

  async #pass(exchange: Exchange): Promise<void> {
    const { gate, directory, maxFrameBytes } = this.#parts;
    if (!exchange.isWelcome(['POST'])) return;
    const text = await exchange.readEnvelope(maxFrameBytes);
    if (text === undefined) return;
    const envelope = decode(text);
    if (envelope === undefined) return exchange.refuse({ status: 400, message: 'session, node and data are strings' });
    const { session, node, data } = envelope;
    const request = { session, node, binding: gate.bindingOf(exchange.head), words: data };
    const { status } = await directory.request(request, exchange.recipient());
    if (status < 400) exchange.answer(status);
    else exchange.refuse(sessionRefusal(status, node));
  }
}

function decode(text: string): EmulationRequest | undefined {
  const { session, node, data } = fieldsOf(text) ?? {};
  if (typeof session !== 'string' || typeof node !== 'string' || typeof data !== 'string') return undefined;
  return { session, node, data };
}
