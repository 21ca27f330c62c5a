/** One direction of a proxied connection: passes bytes on with the delay, rate and slicing that it was told. */

import type { Socket } from 'node:net';

/** What is wrong with one direction; nothing by default. */
export interface LaneFaults {
  /** Every byte arrives this much later. */
  readonly latencyMs?: number;
  /** No more than this passes, evenly; at least 1. */
  readonly bytesPerSec?: number;
  /** Each write carries at most this much, in a packet of its own as far as the kernel plays along. */
  readonly sliceBytes?: number;
  /** Nothing passes, not even a FIN, and the sender is not told: its bytes are taken until the lane is full. */
  readonly blackHole?: boolean;
}

export interface Lane {
  setFaults(faults: LaneFaults): void;
  /** Sends a FIN after what is already under way, and takes nothing more. */
  end(): void;
  close(): void;
}

interface Held {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

/** Changes what passes: gets what has come, returns what goes on. Nothing may be returned, and more later. */
export type Rewrite = (bytes: Buffer) => Buffer;

/** Bytes that a lane holds before it stops reading, so that TCP makes the sender wait. */
const maxHeldBytes = 1_048_576;
/** Without `sliceBytes`, a throttled lane writes this often at most. */
const throttleStepMs = 10;

export class FaultLane implements Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  #faults: LaneFaults;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #ending = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #waitsForDrain = false;
  /** When the rate allows the next write. */
  #freeAtMs = 0;

  constructor(from: Socket, to: Socket, faults: LaneFaults, rewrite: Rewrite = (bytes) => bytes) {
    this.#from = from;
    this.#to = to;
    this.#faults = faults;
    from.on('data', (bytes: Buffer) => this.#take(rewrite(bytes)));
    from.on('end', () => this.end());
    to.on('drain', () => {
      this.#waitsForDrain = false;
      this.#pump();
    });
    from.resume();
  }

  setFaults(faults: LaneFaults): void {
    this.#faults = faults;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pump();
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  #take(bytes: Buffer): void {
    if (this.#ending || this.#closed || bytes.length === 0) return;
    this.#held.push({ bytes, dueMs: performance.now() + (this.#faults.latencyMs ?? 0) });
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= maxHeldBytes) this.#from.pause();
    this.#pump();
  }

  /** Writes what may be written now, and comes back when more may. */
  #pump(): void {
    while (!this.#closed && this.#timer === undefined && !this.#waitsForDrain && this.#faults.blackHole !== true) {
      const next = this.#held[0];
      if (next === undefined) {
        if (this.#ending) this.#to.end();
        return;
      }
      const waitMs = Math.max(next.dueMs, this.#freeAtMs) - performance.now();
      if (waitMs > 0) {
        this.#comeBackIn(waitMs);
        return;
      }
      this.#write(next);
    }
  }

  #write(next: Held): void {
    const { bytesPerSec, sliceBytes } = this.#faults;
    const stepBytes = bytesPerSec === undefined ? Number.POSITIVE_INFINITY : (bytesPerSec * throttleStepMs) / 1_000;
    const numBytes = Math.max(1, Math.floor(Math.min(next.bytes.length, sliceBytes ?? next.bytes.length, stepBytes)));
    const rest = next.bytes.subarray(numBytes);
    if (rest.length === 0) this.#held.shift();
    else this.#held[0] = { bytes: rest, dueMs: next.dueMs };
    this.#heldBytes -= numBytes;
    if (this.#from.isPaused() && this.#heldBytes < maxHeldBytes) this.#from.resume();
    if (bytesPerSec !== undefined)
      this.#freeAtMs = Math.max(performance.now(), this.#freeAtMs) + (numBytes / bytesPerSec) * 1_000;
    this.#waitsForDrain = !this.#to.write(next.bytes.subarray(0, numBytes));
    // A turn of the loop between slices, or libuv would write them as one.
    if (sliceBytes !== undefined && rest.length > 0) this.#comeBackIn(0);
  }

  #comeBackIn(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, delayMs);
  }
}
