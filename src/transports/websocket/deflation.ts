/** Compression on the sockets of a listener: who agrees to it, in which form they get frames, how theirs are read. */

import type { Encoding } from '../../engine/ports/connection.js';
import { encodingsWith } from './codecs.js';
import { type DeflateCounts, deflateFraming } from './deflate-framing.js';
import { acceptDeflate, type DeflateParams } from './deflate-offer.js';

/** Window sizes for which frames are made, so that those of all clients share few forms. */
const windowBitsInUse = [15, 12, 9] as const;

/** What a client and the server have agreed on. */
export interface Agreement {
  readonly params: DeflateParams;
  /** By subprotocol; the same object for all clients with this form. */
  readonly encodings: Readonly<Record<string, Encoding>>;
}

export class Deflation {
  readonly #minBytes: number;
  readonly #counts: DeflateCounts;
  readonly #byWindow = new Map<number, Agreement['encodings']>();

  constructor(minBytes: number, counts: DeflateCounts) {
    this.#minBytes = minBytes;
    this.#counts = counts;
  }

  /** `undefined`: this client gets no compression. */
  agree(offers: readonly DeflateParams[]): Agreement | undefined {
    const params = acceptDeflate(offers);
    if (params === undefined) return undefined;
    const { server_max_window_bits: most = 15 } = params;
    const windowBits = windowBitsInUse.find((bits) => bits <= most) ?? 9;
    let encodings = this.#byWindow.get(windowBits);
    if (encodings === undefined) {
      encodings = encodingsWith(deflateFraming({ windowBits, minBytes: this.#minBytes }, this.#counts));
      this.#byWindow.set(windowBits, encodings);
    }
    return { params, encodings };
  }
}
