/** Pushes for many connections: each encoded once per protocol, and framed once per variant. */

import type { Push } from '../../model/push.js';
import type { EncodedMessage, Protocol } from '../../protocols/protocol.js';
import type { Encoding } from '../ports/connection.js';
import { framesOf } from './joined-frames.js';
import { Parcel } from './parcel.js';
import type { Variant } from './variant.js';

/** A push of one turn, whichever subscribers get it, and with whatever other pushes. */
export class SharedPush {
  readonly push: Push;
  #protocol: Protocol | undefined;
  #message: EncodedMessage = '';

  constructor(push: Push) {
    this.push = push;
  }

  encodedBy(protocol: Protocol): EncodedMessage {
    // A protocol with state encodes for its own connection only.
    if (protocol.checkpoint !== undefined) return protocol.encodePush(this.push);
    if (this.#protocol !== protocol) {
      this.#protocol = protocol;
      this.#message = protocol.encodePush(this.push);
    }
    return this.#message;
  }
}

interface Packed {
  readonly encoding: Encoding;
  readonly pushes: readonly SharedPush[];
  readonly parcel: Parcel;
  readonly next: Packed | undefined;
}

/** Used for one fan-out. */
export class SharedFrame {
  readonly #pushes: readonly SharedPush[];
  /** The same list if there are only publications. */
  readonly #publications: readonly SharedPush[];
  /** A linked list instead of a map: nearly all subscribers of a channel share one variant. */
  #packed: Packed | undefined;

  constructor(pushes: readonly SharedPush[]) {
    this.#pushes = pushes;
    const isPublication = ({ push }: SharedPush) => push.kind === 'publication';
    this.#publications = pushes.every(isPublication) ? pushes : pushes.filter(isPublication);
  }

  get numPublications(): number {
    return this.#publications.length;
  }

  /** `undefined` if there is nothing for this variant. */
  parcelFor({ encoding, joinLeave }: Variant): Parcel | undefined {
    const pushes = joinLeave ? this.#pushes : this.#publications;
    if (pushes.length === 0) return undefined;
    const { protocol } = encoding;
    for (let known = this.#packed; known !== undefined; known = known.next) {
      if (known.encoding === encoding && known.pushes === pushes) return known.parcel;
    }
    const parcel = new Parcel(
      encoding,
      pushes.map((push) => push.encodedBy(protocol)),
    );
    // Not kept for a protocol with state: no other connection has this encoding, and there may be thousands of them.
    if (protocol.checkpoint === undefined) this.#packed = { encoding, pushes, parcel, next: this.#packed };
    return parcel;
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
