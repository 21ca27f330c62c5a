/** The connection of one visit: what the engine writes is posted to the gateway, one message after the other. */

import type { Clock } from '../engine/ports/clock.js';
import type { Connection, Encoding, Framing } from '../engine/ports/connection.js';
import type { Disconnect } from '../model/codes.js';
import { centrifugalJson } from '../protocols/centrifugal/json-protocol.js';
import { type Gateway, maxPostBytes } from './gateway.js';
import { piecesOf } from './message-pieces.js';

/** Lines of JSON, which {@link GatewayConnection} cuts itself. */
const lines: Framing = {
  name: 'gateway',
  frame: (message) => (typeof message === 'string' ? Buffer.from(message) : message),
};

const encoding: Encoding = { protocol: centrifugalJson, framing: lines };

/** Clients read frames of this size by default. */
const maxPieceBytes = 32_768;

interface GatewayConnectionPorts {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly endpoint: string;
  readonly id: string;
  /** When the lease ends at the latest, by the monotonic clock: nothing is sent afterwards. */
  leaseEndsAtMs(): number;
}

/** What has become of the connection. `lost`: nobody knows what the client has got, so that it has to come back. */
export type Fate = 'open' | 'closed' | 'gone' | 'lost';

export class GatewayConnection implements Connection {
  readonly transport = 'gateway';
  readonly encoding = encoding;
  readonly takesStrayPongs = true;
  /** Each answer would be an invocation. */
  readonly answersPings = false;
  /** The function ends with the event. */
  readonly takesPages = false;
  readonly #ports: GatewayConnectionPorts;
  #queuedBytes = 0;
  #posts: Promise<void> = Promise.resolve();
  #fate: Fate = 'open';
  #isClosing = false;

  constructor(ports: GatewayConnectionPorts) {
    this.#ports = ports;
  }

  get fate(): Fate {
    return this.#fate;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosing) return;
    for (const piece of piecesOf(bytes, maxPieceBytes)) this.#queue(piece);
  }

  close(disconnect: Disconnect): void {
    if (this.#isClosing) return;
    // The gateway closes with no code of ours, so that the reason is a push, and the last one.
    this.write(lines.frame(encoding.protocol.encodePush({ kind: 'disconnect', disconnect })));
    this.#isClosing = true;
    this.#posts = this.#posts.then(async () => {
      if (this.#fate !== 'gone') await this.#ports.gateway.close(this.#ports.endpoint, this.#ports.id);
      if (this.#fate === 'open') this.#fate = 'closed';
    });
  }

  /** Resolves when everything that was written has been sent, or never will be. */
  async sent(): Promise<void> {
    let posts: Promise<void> | undefined;
    while (posts !== this.#posts) {
      posts = this.#posts;
      await posts;
    }
  }

  #queue(piece: Uint8Array): void {
    this.#queuedBytes += piece.length;
    this.#posts = this.#posts.then(async () => {
      if (this.#fate === 'open') await this.#post(piece);
      this.#queuedBytes -= piece.length;
    });
  }

  async #post(piece: Uint8Array): Promise<void> {
    const { gateway, clock, endpoint, id, leaseEndsAtMs } = this.#ports;
    const withinMs = leaseEndsAtMs() - clock.nowMs();
    if (withinMs <= 0 || piece.length > maxPostBytes) {
      this.#fate = 'lost';
      return;
    }
    const outcome = await gateway.post(endpoint, id, piece, withinMs);
    if (outcome !== 'sent') this.#fate = outcome === 'gone' ? 'gone' : 'lost';
  }
}
