/** Commands of clients of the streaming transports: each request names its session. */

import { jsonType, protobufType } from '../body-types.js';
import { type Exchange, plainEndpoint } from '../exchange.js';
import { sessionRefusal } from '../session-refusals.js';
import type { ClientEndpoint, Transport } from '../transport.js';
import { decodeEmulation } from './emulation-request.js';
import type { StreamParts } from './transport.js';

const types = [jsonType, protobufType];

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
    const body = await exchange.readEnvelope(maxFrameBytes, types);
    if (body === undefined) return;
    const envelope = decodeEmulation(body);
    if (envelope === undefined) return exchange.refuse({ status: 400, message: 'session, node and data are needed' });
    const { session, node, data } = envelope;
    const request = { session, node, binding: gate.bindingOf(exchange.head), words: data };
    const { status } = await directory.request(request, exchange.recipient());
    if (status < 400) exchange.answer(status);
    else exchange.refuse(sessionRefusal(status, node));
  }
}
