/** Decompresses what clients send (RFC 7692): one message after the other for all connections, bounded in every way. */

import { constants } from 'node:zlib';
import type { Clock } from '../../engine/ports/clock.js';
import type { Counters } from '../../engine/ports/counters.js';
import { inflateRawInto } from './zlib-internals.js';

export interface InflaterPorts {
  readonly clock: Pick<Clock, 'afterTurn'>;
  readonly counters: Pick<Counters, 'inflatedMessages' | 'inflateInBytes' | 'inflateOutBytes'>;
  readonly limits: { readonly maxFrameBytes: number };
}

/** What a connection waits for. */
interface Inflating {
  /** @returns how many bytes have come out */
  run(): number;
}

/** Work of one turn of the loop: when this many bytes have come out, the rest waits for the next one. */
const turnBytes = 262_144;
/** A message counts as so many bytes more, since even an empty one has its cost. */
const messageBytes = 1_024;

/** Senders leave it out (RFC 7692 section 7.2.1). */
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff]);
/** After a final block a sender has one empty block, without the tail (section 7.2.3.4), or nothing. */
const maxRestBytes = 1;

/** Used by one connection after the other: nothing is kept from one message to the next but the memory that they lie in. */
export class Inflater {
  readonly #ports: InflaterPorts;
  /** At most one of each connection, whose next message is not read before. */
  #waiting: Inflating[] = [];
  #bytes = 0;
  #isDue = false;
  #turnHasWork = false;
  /** For the longest message and a byte more, since zlib asks for more as soon as it is full. */
  #room: Buffer | undefined;

  constructor(ports: InflaterPorts) {
    this.#ports = ports;
  }

  /** Runs it soon, but never before this returns. */
  soon(inflating: Inflating): void {
    this.#waiting.push(inflating);
    if (this.#isDue) return;
    this.#isDue = true;
    process.nextTick(this.#work);
  }

  /**
   * The message, until the next one takes its place: whoever keeps a part of it copies that. `undefined` if it is no deflate. One
   * that is longer than `maxFrameBytes` comes out longer than that, with nothing in it.
   */
  inflate(deflated: Buffer): Buffer | undefined {
    const { counters, limits } = this.#ports;
    this.#room ??= Buffer.allocUnsafeSlow(limits.maxFrameBytes + 1);
    const message = inflateInto(this.#room, deflated);
    counters.inflatedMessages++;
    counters.inflateInBytes += deflated.length;
    counters.inflateOutBytes += message?.length ?? 0;
    return message;
  }

  readonly #work = (): void => {
    if (!this.#turnHasWork) {
      this.#turnHasWork = true;
      this.#ports.clock.afterTurn(this.#nextTurn);
    }
    const waiting = this.#waiting;
    let numDone = 0;
    // What is added meanwhile is in the list too.
    for (const inflating of waiting) {
      if (this.#bytes >= turnBytes) break;
      numDone++;
      this.#bytes += messageBytes + inflating.run();
    }
    this.#waiting = waiting.slice(numDone);
    // The rest is done by the next turn.
    this.#isDue = this.#waiting.length > 0;
  };

  readonly #nextTurn = (): void => {
    this.#turnHasWork = false;
    this.#bytes = 0;
    if (this.#isDue) this.#work();
  };
}

function inflateInto(room: Buffer, deflated: Buffer): Buffer | undefined {
  const input = Buffer.concat([deflated, tail]);
  try {
    const { output, inputBytes } = inflateRawInto(room, input, constants.Z_SYNC_FLUSH, {
      maxOutputLength: room.length - 1,
    });
    return deflated.length - inputBytes > maxRestBytes ? undefined : output;
  } catch (error) {
    // safe: zlib throws errors with codes. `ws` refuses a message of this length with the right code, and does not look at it.
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? room : undefined;
  }
}
