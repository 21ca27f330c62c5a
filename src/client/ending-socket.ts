/**
 * A WebSocket that always ends with `close`. That of Node 22 (undici 6) fires only `error` when a handshake or a
 * connection is refused; the SDK waits for `close` and would notice only after its time-out.
 */

import type { WebSocketConstructor } from './connect-options.js';

interface CloseEvent {
  readonly code: number;
  readonly reason: string;
}

/** What the SDK uses of a `WebSocket`. */
interface Socket {
  onopen: ((event: unknown) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  binaryType: string;
  send(data: string | Uint8Array): void;
  close(): void;
}

/** As browsers report a connection that was never open. */
const neverOpened: CloseEvent = { code: 1006, reason: '' };

/** A subclass whose sockets report their end exactly once. */
export function endingSocket(websocket: WebSocketConstructor): WebSocketConstructor {
  return class EndingSocket implements Socket {
    onopen: Socket['onopen'] = null;
    onmessage: Socket['onmessage'] = null;
    onerror: Socket['onerror'] = null;
    onclose: Socket['onclose'] = null;
    readonly #socket: Socket;
    #hasOpened = false;
    #hasEnded = false;

    constructor(url: string, protocols?: string | string[]) {
      // safe: what is given as a `WebSocket` class makes such objects
      const socket = (protocols === undefined ? new websocket(url) : new websocket(url, protocols)) as Socket;
      this.#socket = socket;
      // Frames may be binary in JSON, too: those that are compressed with a dictionary.
      socket.binaryType = 'arraybuffer';
      socket.onopen = (event) => {
        this.#hasOpened = true;
        this.onopen?.(event);
      };
      socket.onmessage = (event) => this.onmessage?.(event);
      socket.onerror = (event) => {
        this.onerror?.(event);
        if (!this.#hasOpened) this.#end(neverOpened);
      };
      socket.onclose = (event) => this.#end(event);
    }

    get binaryType(): string {
      return this.#socket.binaryType;
    }

    set binaryType(type: string) {
      this.#socket.binaryType = type;
    }

    send(data: string | Uint8Array): void {
      this.#socket.send(data);
    }

    close(): void {
      this.#socket.close();
    }

    #end(event: CloseEvent): void {
      if (this.#hasEnded) return;
      this.#hasEnded = true;
      this.onclose?.(event);
    }
  };
}
