/** Inflates raw DEFLATE, also with a preset dictionary, which the `DecompressionStream` of browsers does not know. */

import { Inflate, inflateSync } from 'fflate';

/** One byte becomes 1,032 at most, so what is looked at in one step becomes half a megabyte at most, or two. */
const [pieceBytes, maxShortBytes] = [512, 2_048];
const scratchBytes = 65_536;

export class BoundedInflater {
  readonly #maxBytes: number;
  readonly #options: { readonly dictionary?: Uint8Array };
  readonly #scratch: Uint8Array;

  /** @param maxBytes of a result */
  constructor(maxBytes: number, dictionary?: Uint8Array) {
    this.#maxBytes = maxBytes;
    this.#options = dictionary === undefined ? {} : { dictionary };
    this.#scratch = new Uint8Array(Math.min(scratchBytes, maxBytes + 1));
  }

  /**
   * @returns what is overwritten by the next call
   * @throws Error for what is no DEFLATE, not whole, or too large
   */
  inflate(deflated: Uint8Array): Uint8Array {
    // Which `fflate` takes for nothing, though DEFLATE writes even that in two bytes.
    if (deflated.length === 0) throw new Error('nothing to inflate');
    return (deflated.length <= maxShortBytes && this.#short(deflated)) || this.#inPieces(deflated);
  }

  /** In a fiftieth of the time, since nothing is allocated. `undefined` if that does not do. */
  #short(deflated: Uint8Array): Uint8Array | undefined {
    const out = this.#scratch;
    try {
      const inflated = inflateSync(deflated, { ...this.#options, out });
      // What is beyond its end is not written, and not told of.
      return inflated.length < out.length ? inflated : undefined;
    } catch {
      // It is too long, or no DEFLATE: the other way tells which.
      return undefined;
    }
  }

  #inPieces(deflated: Uint8Array): Uint8Array {
    const maxBytes = this.#maxBytes;
    const pieces: Uint8Array[] = [];
    let numBytes = 0;
    const inflate = new Inflate(this.#options, (piece) => {
      numBytes += piece.length;
      if (numBytes > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
      pieces.push(piece);
    });
    for (let at = 0; at < deflated.length; at += pieceBytes) {
      inflate.push(deflated.subarray(at, at + pieceBytes), at + pieceBytes >= deflated.length);
    }
    const whole = new Uint8Array(numBytes);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}
