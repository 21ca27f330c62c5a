/** Tells clients to connect again before their platform ends the connection, each at a moment of its own. */

import type { Cancel, Clock, Random } from '../engine/ports/clock.js';
import { type Disconnect, disconnectCodes } from '../model/codes.js';

/** A socket, once its session is there. */
interface Ending {
  readonly session: { close(disconnect: Disconnect): void } | undefined;
}

/** Clients that came together leave in this part of the time, and not together. */
const earliest = 0.8;
/** For the closing handshake. */
const latest = 0.95;

export class Goodbyes<Socket extends Ending> {
  readonly #timers = new Map<Socket, Cancel>();

  constructor(private readonly ports: { readonly clock: Clock; readonly random: Random }) {}

  get size(): number {
    return this.#timers.size;
  }

  /** @param endsInMs when the platform ends it */
  schedule(socket: Socket, endsInMs: number): void {
    const { clock, random } = this.ports;
    const part = earliest + random.unit() * (latest - earliest);
    const cancel = clock.schedule(() => {
      this.#timers.delete(socket);
      socket.session?.close(disconnectCodes.shutdown);
    }, endsInMs * part);
    this.#timers.set(socket, cancel);
  }

  /** No effect if there is none. */
  cancel(socket: Socket): void {
    this.#timers.get(socket)?.();
    this.#timers.delete(socket);
  }
}
