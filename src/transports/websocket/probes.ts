/** Answers clients that only ask whether WebSocket passes: a few short messages come back, and no session is opened. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../engine/ports/clock.js';
import type { Refusal } from '../refusal.js';
import { subprotocolsOf } from './upgrade.js';

/** Asks for it as the subprotocol. */
const probeSubprotocol = 'fanfare.probe';

/** PROTOCOL.md has them as well. */
export const probeLimits = {
  /** Longest message, in bytes. */
  maxMessageBytes: 64,
  /** Messages that are sent back; one more ends it. */
  maxMessages: 4,
  /** How long one may take, in milliseconds. */
  maxDurationMs: 60_000,
  /** At the same time. Nobody is lost who is refused: whoever asks is connected by another transport. */
  maxOpen: 1_000,
} as const;

/** RFC 6455 section 7.4.1: a message breaks the endpoint's rules. */
const policyViolation = 1_008;

export class Probes {
  readonly #clock: Clock;
  readonly #maxOpen: number;
  readonly #server: WebSocketServer;
  readonly #open = new Set<WebSocket>();

  /** @param onInvalid gets handshakes that `ws` refuses */
  constructor(
    clock: Clock,
    onInvalid: (error: Error, socket: Duplex, request: IncomingMessage) => void,
    maxOpen: number = probeLimits.maxOpen,
  ) {
    this.#clock = clock;
    this.#maxOpen = maxOpen;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: probeLimits.maxMessageBytes,
      maxFragments: 1,
      closeTimeout: 4_500,
      handleProtocols: () => probeSubprotocol,
    } as ConstructorParameters<typeof WebSocketServer>[0]);
    this.#server.on('wsClientError', onInvalid);
  }

  /** Whether the request is one, and nothing besides. */
  isProbe(request: IncomingMessage): boolean {
    const offered = subprotocolsOf(request);
    return offered.length === 1 && offered[0] === probeSubprotocol;
  }

  findFull(): Refusal | undefined {
    if (this.#open.size < this.#maxOpen) return undefined;
    return { status: 503, message: 'too many probes', headers: { 'Retry-After': '10' } };
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#answer(ws));
  }

  /** Cuts what is still open. */
  terminateAll(): void {
    for (const ws of this.#open) ws.terminate();
  }

  #answer(ws: WebSocket): void {
    let left: number = probeLimits.maxMessages;
    this.#open.add(ws);
    const cancel = this.#clock.schedule(() => ws.close(policyViolation, 'takes too long'), probeLimits.maxDurationMs);
    ws.on('message', (data: RawData, isBinary: boolean) => {
      if (left === 0) ws.close(policyViolation, 'asks too often');
      else ws.send(data, { binary: isBinary });
      left--;
    });
    // What breaks the protocol or the connection ends it: 'close' follows.
    ws.on('error', () => undefined);
    ws.once('close', () => {
      cancel();
      this.#open.delete(ws);
    });
  }
}
