/** Addresses of open connections, as sent by a proxy in the PROXY protocol. */

import type { Socket } from 'node:net';
import type { SocketEnds } from '../http/request-head.js';

export class PeerAddresses {
  /** By both ends, since TLS and HTTP/2 have other socket objects than the accepted one. */
  readonly #announced = new Map<string, string>();

  get size(): number {
    return this.#announced.size;
  }

  /** Valid until the connection ends. */
  announce(socket: Socket, address: string): void {
    const key = endsOf(socket);
    this.#announced.set(key, address);
    socket.once('close', () => this.#announced.delete(key));
  }

  /** Empty if the peer is gone. */
  of(socket: SocketEnds): string {
    const announced = this.#announced.size === 0 ? undefined : this.#announced.get(endsOf(socket));
    return announced ?? socket.remoteAddress ?? '';
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: SocketEnds): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
