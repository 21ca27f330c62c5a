/** Pushes that go to many: encoded and framed once per encoding, however many connections get the bytes. */

import type { Push } from '../../model/push.js';
import type { Encoding } from '../ports/connection.js';
import { framesOf } from './joined-frames.js';

/** Lives for one fan-out. */
export class SharedFrame {
  readonly #pushes: readonly Push[];
  /** Nearly all subscribers of a channel share one encoding, so the last one is looked at before the map. */
  #encoding: Encoding | undefined;
  #bytes: Uint8Array | undefined;
  #others: Map<Encoding, Uint8Array> | undefined;

  constructor(pushes: readonly Push[]) {
    this.#pushes = pushes;
  }

  bytesFor(encoding: Encoding): Uint8Array {
    if (this.#encoding === encoding && this.#bytes !== undefined) return this.#bytes;
    const known = this.#others?.get(encoding);
    const { protocol } = encoding;
    const bytes =
      known ??
      framesOf(
        encoding,
        this.#pushes.map((push) => protocol.encodePush(push)),
      );
    if (this.#encoding !== undefined && this.#bytes !== undefined) {
      this.#others ??= new Map();
      this.#others.set(this.#encoding, this.#bytes);
    }
    this.#encoding = encoding;
    this.#bytes = bytes;
    return bytes;
  }
}

/** The ping, framed once per encoding for as long as that lives: some are of one connection alone. */
export class PingFrames {
  readonly #frames = new WeakMap<Encoding, Uint8Array>();

  bytesFor(encoding: Encoding): Uint8Array {
    let bytes = this.#frames.get(encoding);
    if (bytes === undefined) {
      bytes = framesOf(encoding, [encoding.protocol.encodePing()]);
      this.#frames.set(encoding, bytes);
    }
    return bytes;
  }
}
