/** Parts of `ws` that its type package lacks. Its version is pinned, since it does not promise all of them. */

import type { Writable } from 'node:stream';

declare module 'ws' {
  /** The parser of frames, for Fanfare's tests. */
  export class Receiver extends Writable {
    constructor(options: {
      readonly isServer: boolean;
      readonly allowSynchronousEvents: boolean;
      readonly extensions?: Readonly<Record<string, PerMessageDeflate>>;
    });
  }
  /** The parser of the `Sec-WebSocket-Extensions` header. */
  export const extension: {
    /** @throws SyntaxError */
    parse(header: string): Record<string, object[] | undefined>;
  };
  export class PerMessageDeflate {
    static readonly extensionName: string;
    constructor(options: { readonly isServer: boolean });
    /** @throws Error when no offer is acceptable */
    accept(offers: object[]): object;
    cleanup(): void;
  }
}

/** What `ws` does not promise: the method with which its server answers a checked upgrade, before `handleUpgrade` returns. */
export interface CompletesUpgrades {
  /** @param extensions by name. One has `params`, which the answer lists, `decompress` and `cleanup`. */
  completeUpgrade(extensions: Record<string, unknown>, ...rest: unknown[]): void;
}
