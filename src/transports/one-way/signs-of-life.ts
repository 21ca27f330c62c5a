/** Whether a consumer that cannot answer pings is still alive: by TCP acknowledgements. */

import type { Http2ServerRequest } from 'node:http2';
import type { Cancel, Clock } from '../../engine/ports/clock.js';
import type { HttpExchange } from '../../http/exchange.js';
import { isHttp2 } from '../../http/http2.js';
import { NodeExchange } from '../../http/node-exchange.js';
import type { SocketEnds } from '../../http/request-head.js';
import { SendQueues } from './send-queues.js';

/** When to check, as parts of the pong time-out. A consumer that is silent at each check is gone. */
const looks = [0.5, 0.85];
/** Age up to which a reading is shared, as a part of that time. */
const shared = 0.125;

/** One for all consumers of a transport. */
export class SignsOfLife {
  /** @param timeoutMs the pong time-out */
  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
    private readonly queues: SendQueues = new SendQueues(clock, timeoutMs * shared),
  ) {}

  /** Returns a function that waits for a sign of life after each ping. Keeps only the connection of the request. */
  watch(exchange: HttpExchange): (onSign: () => void) => Cancel {
    // Elsewhere, the owner of the connection notices its end.
    if (!(exchange instanceof NodeExchange)) return (onSign) => this.clock.schedule(onSign, 0);
    const { request } = exchange;
    if (isHttp2(request)) {
      // safe: a request over HTTP/2 is of this class
      const { session } = (request as unknown as Http2ServerRequest).stream;
      return (onSign) => {
        let isWaiting = true;
        const sign = () => isWaiting && onSign();
        // RFC 9113 section 6.7. Refused if many pings of this connection already wait, which will show the same.
        const isSent = session?.destroyed === false && session.ping((error) => error === null && sign());
        if (!isSent) this.clock.afterTurn(sign);
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
      this.clock.schedule(async () => {
        if (!isWaiting || (await this.queues.isSilent(ends)) || !isWaiting) return;
        isWaiting = false;
        onSign();
      }, this.timeoutMs * part),
    );
    return () => {
      isWaiting = false;
      for (const cancel of cancels) cancel();
    };
  }
}
