/** Messages for one or more connections of an encoding, in one write: framed once for all that get the same ones. */

import type { EncodedMessage } from '../../protocols/protocol.js';
import type { Encoding } from '../ports/connection.js';
import { framesOf, mostBytes } from './joined-frames.js';

export class Parcel {
  /** Upper bound, framing included. */
  readonly numBytes: number;
  readonly #encoding: Encoding;
  readonly #messages: readonly EncodedMessage[];
  /** The parcel before these messages. */
  readonly #before: Parcel | undefined;
  #bytes: Uint8Array | undefined;
  /** The last parcel that was appended to this one, and the result. */
  #behind: { readonly parcel: Parcel; readonly both: Parcel } | undefined;

  constructor(encoding: Encoding, messages: readonly EncodedMessage[], before?: Parcel) {
    this.#encoding = encoding;
    this.#messages = messages;
    this.#before = before;
    let numBytes = before?.numBytes ?? 0;
    for (const message of messages) numBytes += mostBytes(message);
    this.numBytes = numBytes;
  }

  /** Shared by all readers, never copied. */
  get bytes(): Uint8Array {
    this.#bytes ??= framesOf(this.#encoding, this.messages());
    return this.#bytes;
  }

  /** In order. */
  messages(): readonly EncodedMessage[] {
    if (this.#before === undefined) return this.#messages;
    const parts: (readonly EncodedMessage[])[] = [];
    for (let part: Parcel | undefined = this; part !== undefined; part = part.#before) parts.push(part.#messages);
    return parts.reverse().flat();
  }

  /** This parcel followed by another: the same object for all connections that get both in this order. */
  and(parcel: Parcel): Parcel {
    if (this.#behind?.parcel !== parcel) {
      this.#behind = { parcel, both: new Parcel(this.#encoding, parcel.messages(), this) };
    }
    return this.#behind.both;
  }
}
