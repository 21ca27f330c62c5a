/**
 * Restores the order of frames that have overtaken each other, and drops repeated ones. Each frame has its own request,
 * over any of the browser's connections, and browsers and proxies may repeat requests. The SDK numbers its commands
 * consecutively, so missing and repeated frames can be recognised.
 */

import type { Cancel, Clock } from '../../engine/ports/clock.js';
import type { EncodedMessage, Protocol } from '../../protocols/protocol.js';
import { FramesTaken } from './frames-taken.js';

/** How long to wait for a missing frame. A lost request delays the later ones once by this time. */
const maxWaitMs = 1_000;
/** Most waiting frames; one more releases all. */
const maxWaiting = 64;

interface WaitingFrame {
  readonly first: number;
  readonly last: number;
  readonly frame: EncodedMessage;
}

export class FrameOrder {
  readonly #taken = new FramesTaken();
  /** Id of the next expected command; `undefined` until a frame had one. */
  #next: number | undefined;
  #waiting: WaitingFrame[] = [];
  #waitingBytes = 0;
  #timer: Cancel | undefined;

  /** @param maxWaitingBytes largest total size of waiting frames; more releases all */
  constructor(
    private readonly protocol: Protocol,
    private readonly clock: Clock,
    private readonly maxWaitingBytes: number,
    private readonly deliver: (frame: EncodedMessage) => void,
  ) {}

  /** Delivers the frame when earlier ones have arrived or are given up; a frame without a number at once. */
  add(frame: EncodedMessage): void {
    const decoded = this.protocol.decode(frame);
    const ids = decoded.ok ? decoded.commands.flatMap((command) => ('id' in command ? [command.id] : [])) : [];
    const [first] = ids;
    if (first === undefined) {
      this.deliver(frame);
      return;
    }
    const last = ids.reduce((highest, id) => Math.max(highest, id), first);
    if (this.#next !== undefined && first > this.#next) this.#wait({ first, last, frame });
    else this.#pass({ first, last, frame });
  }

  /** Drops the waiting frames. */
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
    if (this.#taken.take(first, last, frame)) this.deliver(frame);
  }

  #passReady(): void {
    const [waiting] = this.#waiting;
    if (waiting !== undefined && this.#next !== undefined && waiting.first <= this.#next) {
      this.#waiting.shift();
      this.#waitingBytes -= waiting.frame.length;
      this.#pass(waiting);
    } else if (this.#timer !== undefined) {
      this.#timer();
      this.#timer = waiting && this.clock.schedule(this.#giveUp, maxWaitMs);
    }
  }

  #wait(waiting: WaitingFrame): void {
    const place = this.#waiting.findIndex(({ first }) => first > waiting.first);
    this.#waiting.splice(place === -1 ? this.#waiting.length : place, 0, waiting);
    this.#waitingBytes += waiting.frame.length;
    this.#timer ??= this.clock.schedule(this.#giveUp, maxWaitMs);
    if (this.#waiting.length > maxWaiting || this.#waitingBytes > this.maxWaitingBytes) this.#giveUp();
  }

  /** Stops waiting for the missing frame. */
  readonly #giveUp = (): void => {
    const waiting = this.#waiting;
    this.close();
    for (const one of waiting) this.#take(one);
  };
}
