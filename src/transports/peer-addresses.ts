/** Whom open connections are from, where a proxy has said it in front of the first byte (PROXY protocol). */

import type { Socket } from 'node:net';
import type { SocketEnds } from '../http/request-head.js';

export class PeerAddresses {
  /** By both ends: what is spoken over TLS or HTTP/2 comes with another socket object than what was accepted. */
  readonly #announced = new Map<string, string>();

  get size(): number {
    return this.#announced.size;
  }

  /** Holds until the connection ends. */
  announce(socket: Socket, address: string): void {
    const key = endsOf(socket);
    this.#announced.set(key, address);
    socket.once('close', () => this.#announced.delete(key));
  }

  /** Empty when the peer is gone. */
  of(socket: SocketEnds): string {
    const announced = this.#announced.size === 0 ? undefined : this.#announced.get(endsOf(socket));
    return announced ?? socket.remoteAddress ?? '';
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: SocketEnds): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
