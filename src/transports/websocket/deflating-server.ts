/** The server of `ws` with the agreements and the decompression of Fanfare in place of its own. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { ClientSocket } from './connection.js';
import type { Inflation } from './inflation.js';
import type { CompletesUpgrades } from './ws-internals.js';

// safe: its method is not in the types; a test of the handshake fails without it
const CompletingServer = WebSocketServer as unknown as new (
  options: ServerOptions,
) => WebSocketServer & CompletesUpgrades;

export class DeflatingServer extends CompletingServer {
  /** Of the upgrade that is being answered: that happens in one go. */
  #inflation: Inflation | undefined;

  /** @param inflation the agreement about compression, if there is one */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    inflation: Inflation | undefined,
    onOpen: (ws: ClientSocket) => void,
  ): void {
    this.#inflation = inflation;
    this.handleUpgrade(request, socket, head, (ws) => {
      // safe: the server was given this class
      inflation?.serve(ws as ClientSocket);
      onOpen(ws as ClientSocket);
    });
    this.#inflation = undefined;
  }

  /** Called by `ws` when it has checked the request; `extensions` is empty, since its own compression is off. */
  override completeUpgrade(extensions: Record<string, unknown>, ...rest: unknown[]): void {
    if (this.#inflation !== undefined) extensions['permessage-deflate'] = this.#inflation;
    super.completeUpgrade(extensions, ...rest);
  }
}
