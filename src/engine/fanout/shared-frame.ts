/** Pushes that go to many: encoded and framed once per variant, however many connections get the bytes. */

import type { Push } from '../../model/push.js';
import type { Encoding } from '../ports/connection.js';
import { framesOf } from './joined-frames.js';
import type { Variant } from './variant.js';

interface Encoded {
  readonly encoding: Encoding;
  readonly pushes: readonly Push[];
  readonly bytes: Uint8Array;
  readonly next: Encoded | undefined;
}

/** Lives for one fan-out. */
export class SharedFrame {
  readonly #pushes: readonly Push[];
  /** The same list where there is nothing else. */
  readonly #publications: readonly Push[];
  /** A list without a map: nearly all subscribers of a channel share one variant. */
  #encoded: Encoded | undefined;

  /** @param numPublications how many of the pushes are publications */
  constructor(pushes: readonly Push[], numPublications: number) {
    this.#pushes = pushes;
    this.#publications =
      numPublications === pushes.length ? pushes : pushes.filter(({ kind }) => kind === 'publication');
  }

  /** Undefined when nothing is for this variant. */
  bytesFor({ encoding, joinLeave }: Variant): Uint8Array | undefined {
    const pushes = joinLeave ? this.#pushes : this.#publications;
    if (pushes.length === 0) return undefined;
    const { protocol } = encoding;
    for (let known = this.#encoded; known !== undefined; known = known.next) {
      if (known.encoding === encoding && known.pushes === pushes) return known.bytes;
    }
    const messages = pushes.map((push) => protocol.encodePush(push));
    const bytes = framesOf(encoding, messages);
    // Nobody else is of this encoding, and there may be thousands like it.
    if (protocol.checkpoint === undefined) this.#encoded = { encoding, pushes, bytes, next: this.#encoded };
    return bytes;
  }
}

/** The ping, encoded and framed once per encoding. */
export class PingFrames {
  readonly #frames = new WeakMap<Encoding, Uint8Array>();

  bytesFor(encoding: Encoding): Uint8Array {
    const known = this.#frames.get(encoding);
    if (known !== undefined) return known;
    const { protocol } = encoding;
    const bytes = framesOf(encoding, [protocol.encodePing()]);
    if (protocol.checkpoint === undefined) this.#frames.set(encoding, bytes);
    return bytes;
  }
}
