/** Whether a consumer that cannot answer pings is still there: by what its network acknowledges. */

import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Cancel, Clock } from '../../engine/ports/clock.js';
import { isHttp2 } from '../../http/http2.js';
import type { SocketEnds } from '../../http/request-head.js';
import { SendQueues } from './send-queues.js';

/** When to look, as parts of the time in which a pong is due. Silent each time: gone. */
const looks = [0.5, 0.85];
/** A reading may be that much older, as a part of that time. */
const shared = 0.125;

/** One for all consumers of a transport. */
export class SignsOfLife {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #queues: SendQueues;

  /** @param timeoutMs in which a pong is due */
  constructor(clock: Clock, timeoutMs: number, queues: SendQueues = new SendQueues(clock, timeoutMs * shared)) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#queues = queues;
  }

  /** Makes what waits for a sign of life after each ping. Keeps nothing of the request but its connection. */
  watch(request: IncomingMessage): (onSign: () => void) => Cancel {
    if (isHttp2(request)) {
      // safe: a request over HTTP/2 is one of its own
      const { session } = (request as unknown as Http2ServerRequest).stream;
      return (onSign) => {
        let isWaiting = true;
        const sign = () => isWaiting && onSign();
        // RFC 9113 section 6.7. Refused when many wait already, the others of this connection: those will tell.
        const isSent = session?.destroyed === false && session.ping((error) => error === null && sign());
        if (!isSent) this.#clock.afterTurn(sign);
        return () => {
          isWaiting = false;
        };
      };
    }
    const { localAddress, localPort, remoteAddress, remotePort } = request.socket;
    const ends = { localAddress, localPort, remoteAddress, remotePort } as SocketEnds;
    return (onSign) => this.#await(ends, onSign);
  }

  #await(ends: SocketEnds, onSign: () => void): Cancel {
    let isWaiting = true;
    const cancels = looks.map((part) =>
      this.#clock.schedule(async () => {
        if (!isWaiting || (await this.#queues.isSilent(ends)) || !isWaiting) return;
        isWaiting = false;
        onSign();
      }, this.#timeoutMs * part),
    );
    return () => {
      isWaiting = false;
      for (const cancel of cancels) cancel();
    };
  }
}
