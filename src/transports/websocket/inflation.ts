/** The decompressing end of one connection, in the place where `ws` has its own. */

import type { ClientSocket } from './connection.js';
import type { DeflateParams } from './deflate-offer.js';
import type { Inflater } from './inflater.js';
import { invalidData, undeflatable } from './undeflatable.js';

const nothing = Buffer.alloc(0);

/** Compressed messages of clients are rare and short, so it is small until there is one in fragments. */
export class Inflation {
  readonly params: DeflateParams;
  readonly #inflater: Inflater;
  #socket: ClientSocket | undefined;
  #fragments: Buffer[] | undefined;

  constructor(params: DeflateParams, inflater: Inflater) {
    this.params = params;
    this.#inflater = inflater;
  }

  /** Called once the socket is there, before it reads. */
  serve(socket: ClientSocket): void {
    this.#socket = socket;
  }

  /**
   * Called by the parser of `ws` with the payload of each frame of a compressed message; it has bounded their number and
   * their length. It reads on after the callback, which must not be called before this returns.
   */
  decompress(data: Buffer, fin: boolean, callback: (error: Error | null, message?: Buffer) => void): void {
    if (!fin) {
      this.#fragments ??= [];
      // A copy: the payload would retain everything that was read with it.
      this.#fragments.push(Buffer.from(data));
      process.nextTick(callback, null, nothing);
      return;
    }
    const deflated = this.#fragments === undefined ? data : Buffer.concat([...this.#fragments, data]);
    this.#fragments = undefined;
    this.#inflater.soon({ run: () => this.#inflate(deflated, callback) });
  }

  /** Called by `ws` when the connection is over. */
  cleanup(): void {
    this.#fragments = undefined;
  }

  #inflate(deflated: Buffer, callback: (error: Error | null, message?: Buffer) => void): number {
    const socket = this.#socket;
    // What comes after the close is not read, so it is not worth any work.
    if (socket?.session === undefined || socket.session.state === 'closed') {
      callback(null, nothing);
      return 0;
    }
    const message = this.#inflater.inflate(deflated);
    if (message === undefined) {
      // Before the parser fails: `ws` knows no code for this error.
      socket.close(invalidData);
      callback(Object.assign(new Error('a compressed message is no deflate'), { code: undeflatable }));
      return 0;
    }
    callback(null, message);
    return message.length;
  }
}
