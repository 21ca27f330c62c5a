/** Answers clients that only test whether WebSocket works: echoes a few short messages, without a session. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../engine/ports/clock.js';
import type { Refusal } from '../refusal.js';
import { ignoreRest } from './ignore-rest.js';

/** The subprotocol of probes. */
const probeSubprotocol = 'fanfare.probe';

/** Also in PROTOCOL.md. */
export const probeLimits = {
  /** Longest message, in bytes. */
  maxMessageBytes: 64,
  /** Messages that are echoed, and control frames; one more ends the probe. */
  maxMessages: 4,
  /** Longest duration of a probe, in milliseconds. */
  maxDurationMs: 60_000,
  /** Open at the same time. A refusal does no harm, since the client is connected by another transport. */
  maxOpen: 1_000,
} as const;

/** RFC 6455 section 7.4.1: a message breaks the endpoint's rules. */
const policyViolation = 1_008;

export class Probes {
  readonly #clock: Clock;
  readonly #maxOpen: number;
  readonly #server: WebSocketServer;
  readonly #open = new Set<WebSocket>();

  /** @param onInvalid called with handshakes that `ws` refuses */
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
      autoPong: false,
      maxPayload: probeLimits.maxMessageBytes,
      maxFragments: 1,
      closeTimeout: 4_500,
      handleProtocols: () => probeSubprotocol,
    } as ConstructorParameters<typeof WebSocketServer>[0]);
    this.#server.on('wsClientError', onInvalid);
  }

  /** Whether a request with these subprotocols is a probe and nothing else. */
  isProbe(offered: readonly string[]): boolean {
    return offered.length === 1 && offered[0] === probeSubprotocol;
  }

  findFull(): Refusal | undefined {
    if (this.#open.size < this.#maxOpen) return undefined;
    return { status: 503, message: 'too many probes', headers: { 'Retry-After': '10' } };
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#answer(ws, socket));
  }

  /** Cuts all open probes. */
  terminateAll(): void {
    for (const ws of this.#open) ws.terminate();
  }

  #answer(ws: WebSocket, socket: Duplex): void {
    let left: number = probeLimits.maxMessages;
    const take = (answer?: () => void): void => {
      if (ws.readyState !== ws.OPEN) ignoreRest(socket);
      else if (left === 0) ws.close(policyViolation, 'asks too often');
      else {
        left--;
        answer?.();
      }
    };
    this.#open.add(ws);
    const cancel = this.#clock.schedule(() => ws.close(policyViolation, 'takes too long'), probeLimits.maxDurationMs);
    ws.on('message', (data: RawData, isBinary: boolean) => take(() => ws.send(data, { binary: isBinary })));
    ws.on('ping', (data: Buffer) => take(() => ws.pong(data)));
    ws.on('pong', () => take());
    // Protocol and network errors end the probe: 'close' follows.
    ws.on('error', () => undefined);
    ws.once('close', () => {
      cancel();
      this.#open.delete(ws);
    });
  }
}
