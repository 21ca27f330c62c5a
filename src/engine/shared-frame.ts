/** Pushes that go to many: encoded and framed once per encoding, however many connections get the bytes. */

import type { Push } from '../model/push.js';
import type { Encoding } from './connection.js';

/** Encodes several messages as one frame. */
export function frameOf(encoding: Encoding, messages: readonly (string | Uint8Array)[]): Uint8Array {
  const [first] = messages;
  const joined = messages.length === 1 && first !== undefined ? first : encoding.protocol.join(messages);
  return encoding.framing.frame(joined);
}

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
      frameOf(
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
      bytes = frameOf(encoding, [encoding.protocol.encodePing()]);
      this.#frames.set(encoding, bytes);
    }
    return bytes;
  }
}
