/** One endless HTTP response as the engine's connection. */

import { framesOf } from '../../engine/fanout/joined-frames.js';
import type { Clock } from '../../engine/ports/clock.js';
import type { Connection, Encoding } from '../../engine/ports/connection.js';
import type { AnswerStream } from '../../http/exchange.js';
import type { Disconnect } from '../../model/codes.js';

/** How long a peer may take to read the last bytes: with late timers at most 5 seconds. */
const closeTimeoutMs = 4_500;

export class StreamConnection implements Connection {
  readonly encoding: Encoding;
  readonly transport: string;
  readonly takesStrayPongs = true;
  readonly #response: AnswerStream;
  readonly #clock: Clock;
  #isOpen = true;

  constructor(transport: string, encoding: Encoding, response: AnswerStream, clock: Clock) {
    this.encoding = encoding;
    this.transport = transport;
    this.#response = response;
    this.#clock = clock;
  }

  get bufferedBytes(): number {
    return this.#response.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.#isOpen) this.#response.write(bytes);
  }

  /** There is no close frame; the reason is a push, and the last one. */
  close(disconnect: Disconnect): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const response = this.#response;
    const { encoding } = this;
    response.end(framesOf(encoding, [encoding.protocol.encodePush({ kind: 'disconnect', disconnect })]));
    const cancel = this.#clock.schedule(() => response.destroy(), closeTimeoutMs);
    // 'finish': the kernel has the bytes. 'close' follows, or comes alone if the peer is gone.
    response.once('close', cancel);
  }

  /** Called when the response has ended. */
  closed(): void {
    this.#isOpen = false;
  }
}
