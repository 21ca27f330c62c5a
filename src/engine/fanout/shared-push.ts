/** One push for many connections, encoded once for each protocol and form. */

import type { DeltaData, Push } from '../../model/push.js';
import type { EncodedMessage, Protocol } from '../../protocols/protocol.js';
import type { DataVersion } from './delta/version.js';
import type { Variant } from './variant.js';

interface Encoded {
  readonly protocol: Protocol;
  readonly delta: DeltaData | undefined;
  readonly compact: boolean;
  readonly message: EncodedMessage;
  readonly next: Encoded | undefined;
}

/** A push of one turn, whichever subscribers get it, and with whatever other pushes. */
export class SharedPush {
  readonly push: Push;
  readonly #channelId: number;
  /** Its data and that of the publication before it; `undefined` without subscribers that get deltas. */
  readonly #version: DataVersion | undefined;
  #base: DataVersion | undefined;
  #delta: DeltaData | undefined;
  /** A linked list instead of a map: nearly always it has one element. */
  #encoded: Encoded | undefined;

  /** @param channelId stands for the name in the variants that are `compact` */
  constructor(push: Push, channelId = 0, version?: DataVersion, base?: DataVersion) {
    this.push = push;
    this.#channelId = channelId;
    this.#version = version;
    this.#base = base;
  }

  /** @param hasBase whether the reader has the publication before this one */
  encodedFor({ encoding: { protocol }, delta: terms, compact }: Variant, hasBase: boolean): EncodedMessage {
    const delta =
      terms === 'off' || this.push.kind !== 'publication' ? undefined : this.#form(terms === 'on' && hasBase);
    // A protocol with state encodes for its own connection only.
    if (protocol.checkpoint !== undefined) return protocol.encodePush(this.#written(delta, compact));
    for (let known = this.#encoded; known !== undefined; known = known.next) {
      if (known.protocol === protocol && known.delta === delta && known.compact === compact) return known.message;
    }
    const message = protocol.encodePush(this.#written(delta, compact));
    this.#encoded = { protocol, delta, compact, message, next: this.#encoded };
    return message;
  }

  /** What a reader that has the publication before it does not get; 0 if there is no delta. */
  get savedBytes(): number {
    const delta = this.#form(true);
    return delta === 'whole' || this.#version === undefined ? 0 : this.#version.numBytes - delta.length;
  }

  #form(hasBase: boolean): DeltaData {
    if (!hasBase || this.#version === undefined) return 'whole';
    if (this.#delta === undefined) {
      this.#delta = (this.#base && this.#version.deltaFrom(this.#base)) ?? 'whole';
      this.#base = undefined;
    }
    return this.#delta;
  }

  #written(delta: DeltaData | undefined, compact: boolean): Push {
    const { push } = this;
    const id = compact ? { channelId: this.#channelId } : undefined;
    if (push.kind === 'publication') {
      return delta === undefined && id === undefined ? push : { ...push, ...id, ...(delta !== undefined && { delta }) };
    }
    return id !== undefined && (push.kind === 'join' || push.kind === 'leave') ? { ...push, ...id } : push;
  }
}
