/** The data of one publication, as the target of a delta and as the base of the next. */

import { payloadLength, payloadText } from '../../../model/payload.js';
import type { Publication } from '../../../model/publication.js';
import { fossilDelta } from './fossil.js';

/** No delta of less can be smaller. */
const leastLength = 32;

/** What a delta costs besides its bytes: `"delta":true,`. */
const flagBytes = 13;

export class DataVersion {
  #bytes: Uint8Array | undefined;

  constructor(readonly publication: Publication) {}

  get numBytes(): number {
    return this.#utf8.length;
  }

  /** `undefined` if it would save nothing. */
  deltaFrom(base: DataVersion): Uint8Array | undefined {
    if (payloadLength(this.publication.data) < leastLength) return undefined;
    const bytes = this.#utf8;
    return fossilDelta(base.#utf8, bytes, bytes.length - flagBytes - 1);
  }

  get #utf8(): Uint8Array {
    this.#bytes ??= Buffer.from(payloadText(this.publication.data));
    return this.#bytes;
  }
}
