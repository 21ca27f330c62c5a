/** The hooks by which a library that holds a WebSocket tells of it: those of crossws, as far as they are used. */

import type { WebRequest } from '../../http/web-head.js';

/** A WebSocket that somebody else holds: a `Peer` of crossws. */
export interface HeldSocket {
  /** The upgrade. */
  readonly request: Pick<WebRequest, 'url' | 'headers'>;
  readonly remoteAddress?: string | undefined;
  /** Bytes that wait for the network; older versions have it in `websocket` alone. Absent: unknown, so that nobody is slow. */
  readonly bufferedAmount?: number | undefined;
  readonly websocket?: { readonly bufferedAmount?: number | undefined } | undefined;
  send(data: string | Uint8Array, options?: { readonly compress?: boolean }): unknown;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

/** A message of it. */
export interface HeldMessage {
  readonly rawData: unknown;
  uint8Array(): Uint8Array;
}

export interface SocketHooks {
  /** An answer refuses the upgrade. */
  upgrade(request: Pick<WebRequest, 'url' | 'headers'>): Response | { headers: Record<string, string> };
  open(socket: HeldSocket): void;
  message(socket: HeldSocket, message: HeldMessage): void;
  close(socket: HeldSocket): void;
  error(socket: HeldSocket, error: Error): void;
  ping(socket: HeldSocket): void;
  pong(socket: HeldSocket): void;
}
