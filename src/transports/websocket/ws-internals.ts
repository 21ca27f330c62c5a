/** Parts of `ws` that it exports and its type package lacks. */

import type { Writable } from 'node:stream';

declare module 'ws' {
  /** The parser of frames, for Fanfare's tests. */
  export class Receiver extends Writable {
    constructor(options: { readonly isServer: boolean; readonly allowSynchronousEvents: boolean });
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
  }
}
