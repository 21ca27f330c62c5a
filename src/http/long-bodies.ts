/** Requests whose bodies come for as long as their senders like, which no time-out for slow requests may end. */

import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { BodyAborted } from './body.js';
import { isHttp2, isWhole } from './http2.js';

export class LongBodies {
  /** The socket of a request over HTTP/1, which carries no other meanwhile; over HTTP/2 its stream. */
  readonly #ways = new WeakSet<object>();

  /** Whether it carries such a request now. @param way a socket, or a stream of HTTP/2 */
  has(way: object): boolean {
    return this.#ways.has(way);
  }

  /** The body as it comes, until the reader has enough. @throws BodyAborted when the sender leaves before its end */
  async *read(request: IncomingMessage): AsyncGenerator<Uint8Array> {
    // safe: a request over HTTP/2 is of this class
    const way = isHttp2(request) ? (request as unknown as Http2ServerRequest).stream : request.socket;
    this.#ways.add(way);
    try {
      // Who has enough still answers, over the same connection.
      yield* request.iterator({ destroyOnReturn: false });
    } catch (cause) {
      throw new BodyAborted('the connection ended before the body', { cause });
    } finally {
      this.#ways.delete(way);
    }
    if (!isWhole(request)) throw new BodyAborted('the connection ended before the body');
  }
}
