/**
 * Puts frames that overtook each other back in order, and drops those that come twice. Each comes in a request of its own,
 * over any of the browser's connections, and browsers and proxies may repeat one; but the SDK numbers its commands one by
 * one, so what is missing before a frame is known, and so is what has been.
 */

import type { Cancel, Clock } from '../../engine/ports/clock.js';
import type { EncodedMessage, Protocol } from '../../protocols/protocol.js';
import { FramesTaken } from './frames-taken.js';

/** How long the next frame may be missing. A lost request costs the later ones this once. */
const maxWaitMs = 1_000;
/** Most frames that wait; with one more, all go. */
const maxWaiting = 64;

interface WaitingFrame {
  readonly first: number;
  readonly last: number;
  readonly frame: EncodedMessage;
}

export class FrameOrder {
  readonly #protocol: Protocol;
  readonly #clock: Clock;
  readonly #maxWaitingBytes: number;
  readonly #deliver: (frame: EncodedMessage) => void;
  readonly #taken = new FramesTaken();
  /** Id of the command that is to come next; undefined until a frame had one. */
  #next: number | undefined;
  #waiting: WaitingFrame[] = [];
  #waitingBytes = 0;
  #timer: Cancel | undefined;

  /** @param maxWaitingBytes most that waits; with more, all go */
  constructor(protocol: Protocol, clock: Clock, maxWaitingBytes: number, deliver: (frame: EncodedMessage) => void) {
    this.#protocol = protocol;
    this.#clock = clock;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#deliver = deliver;
  }

  /** Delivers the frame when those before it have come or are given up; what has no number, at once. */
  add(frame: EncodedMessage): void {
    const decoded = this.#protocol.decode(frame);
    const ids = decoded.ok ? decoded.commands.flatMap((command) => ('id' in command ? [command.id] : [])) : [];
    const [first] = ids;
    if (first === undefined) {
      this.#deliver(frame);
      return;
    }
    const last = ids.reduce((highest, id) => Math.max(highest, id), first);
    if (this.#next !== undefined && first > this.#next) this.#wait({ first, last, frame });
    else this.#pass({ first, last, frame });
  }

  /** Drops what waits. */
  close(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #pass(one: WaitingFrame): void {
    this.#take(one);
    this.#passReady();
  }

  #take({ first, last, frame }: WaitingFrame): void {
    this.#next = Math.max(this.#next ?? 0, last + 1);
    if (this.#taken.take(first, last, frame)) this.#deliver(frame);
  }

  #passReady(): void {
    const [waiting] = this.#waiting;
    if (waiting !== undefined && this.#next !== undefined && waiting.first <= this.#next) {
      this.#waiting.shift();
      this.#waitingBytes -= waiting.frame.length;
      this.#pass(waiting);
    } else if (this.#timer !== undefined) {
      this.#timer();
      this.#timer = waiting && this.#clock.schedule(this.#giveUp, maxWaitMs);
    }
  }

  #wait(waiting: WaitingFrame): void {
    const place = this.#waiting.findIndex(({ first }) => first > waiting.first);
    this.#waiting.splice(place === -1 ? this.#waiting.length : place, 0, waiting);
    this.#waitingBytes += waiting.frame.length;
    this.#timer ??= this.#clock.schedule(this.#giveUp, maxWaitMs);
    if (this.#waiting.length > maxWaiting || this.#waitingBytes > this.#maxWaitingBytes) this.#giveUp();
  }

  /** What is missing will not come, or too much waits for it. */
  readonly #giveUp = (): void => {
    const waiting = this.#waiting;
    this.close();
    for (const one of waiting) this.#take(one);
  };
}
