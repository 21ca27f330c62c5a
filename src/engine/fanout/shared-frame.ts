/** Pushes for many connections: each encoded once per protocol and form, and framed once per variant. */

import type { Encoding } from '../ports/connection.js';
import { framesOf } from './joined-frames.js';
import { Parcel } from './parcel.js';
import { Selections } from './selections.js';
import type { SharedPush } from './shared-push.js';
import type { DeltaTerms, Variant } from './variant.js';

interface Packed {
  readonly encoding: Encoding;
  readonly pushes: readonly SharedPush[];
  readonly delta: DeltaTerms;
  readonly compact: boolean;
  readonly hasBase: boolean;
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
  /** Absent without subscribers that have a filter. */
  #selections: Selections<SharedPush> | undefined;

  constructor(pushes: readonly SharedPush[]) {
    this.#pushes = pushes;
    const isPublication = ({ push }: SharedPush) => push.kind === 'publication';
    this.#publications = pushes.every(isPublication) ? pushes : pushes.filter(isPublication);
  }

  get numPublications(): number {
    return this.#publications.length;
  }

  /** The publications that this variant gets. */
  numPublicationsFor(variant: Variant): number {
    return this.publicationsFor(variant).length;
  }

  /** In order. */
  publicationsFor({ filter }: Pick<Variant, 'filter'>): readonly SharedPush[] {
    return filter === undefined ? this.#publications : this.#selected.of(filter, false);
  }

  /** Its joins and leaves; `undefined` if there is none for this variant. */
  trafficFor(variant: Variant): Parcel | undefined {
    if (!variant.joinLeave || this.#publications.length === this.#pushes.length) return undefined;
    const traffic = this.#pushes.filter(({ push }) => push.kind !== 'publication');
    return new Parcel(
      variant.encoding,
      traffic.map((each) => each.encodedFor(variant, false)),
    );
  }

  /**
   * `undefined` if there is nothing for this variant.
   *
   * @param hasBase whether the reader has the channel's last publication before these, to which deltas refer
   */
  parcelFor(variant: Variant, hasBase = false): Parcel | undefined {
    const { encoding, joinLeave, delta, compact, filter } = variant;
    const all = joinLeave ? this.#pushes : this.#publications;
    const pushes = filter === undefined ? all : this.#selected.of(filter, joinLeave);
    if (pushes.length === 0) return undefined;
    for (let known = this.#packed; known !== undefined; known = known.next) {
      const isSame = known.delta === delta && known.compact === compact && known.hasBase === hasBase;
      if (known.encoding === encoding && known.pushes === pushes && isSame) return known.parcel;
    }
    let hasThis = hasBase;
    const messages = pushes.map((push) => {
      const message = push.encodedFor(variant, hasThis);
      hasThis ||= push.push.kind === 'publication';
      return message;
    });
    const parcel = new Parcel(encoding, messages);
    // Not kept for a protocol with state: no other connection has this encoding, and there may be thousands of them.
    if (encoding.protocol.checkpoint === undefined) {
      this.#packed = { encoding, pushes, delta, compact, hasBase, parcel, next: this.#packed };
    }
    return parcel;
  }

  /** How many of its publications are deltas for who has a base, and how many bytes smaller they are. */
  deltas(hasBase: boolean): { readonly count: number; readonly savedBytes: number } {
    let [count, sum] = [0, 0];
    for (const push of hasBase ? this.#publications : this.#publications.slice(1)) {
      const { savedBytes } = push;
      if (savedBytes > 0) count++;
      sum += savedBytes;
    }
    return { count, savedBytes: sum };
  }

  get #selected(): Selections<SharedPush> {
    this.#selections ??= new Selections(this.#pushes, this.#publications);
    return this.#selections;
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
