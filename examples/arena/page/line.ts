/** The page's connection: counts what comes over it, and can be cut for a while to show what happens then. */

const cutMs = 5_000;

export class Line {
  #isCut = false;
  #numBytes = 0;
  readonly #open = new Set<WebSocket>();
  /** For the client. */
  readonly websocket: typeof WebSocket;

  constructor() {
    const opened = (socket: WebSocket) => this.#watch(socket);
    const isCut = () => this.#isCut;
    this.websocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        if (isCut()) throw new Error('the line is cut');
        super(url, protocols);
        opened(this);
      }
    };
    const { fetch, navigator } = globalThis;
    globalThis.fetch = (...args) => (isCut() ? Promise.reject(new TypeError('the line is cut')) : fetch(...args));
    // As in a tunnel: the browser reports that it is offline, so the client blames no transport.
    const isOnline = Object.getOwnPropertyDescriptor(Navigator.prototype, 'onLine');
    Object.defineProperty(navigator, 'onLine', {
      configurable: true,
      get: () => !isCut() && isOnline?.get?.call(navigator) !== false,
    });
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** Bytes of messages that have come since the last call. */
  takeBytes(): number {
    const numBytes = this.#numBytes;
    this.#numBytes = 0;
    return numBytes;
  }

  /** For five seconds nothing gets through. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    for (const socket of this.#open) socket.close();
    dispatchEvent(new Event('offline'));
    setTimeout(() => {
      this.#isCut = false;
      dispatchEvent(new Event('online'));
    }, cutMs);
  }

  #watch(socket: WebSocket): void {
    this.#open.add(socket);
    socket.addEventListener('close', () => this.#open.delete(socket));
    socket.addEventListener('message', ({ data }) => {
      this.#numBytes += typeof data === 'string' ? data.length : sizeOf(data);
    });
  }
}

function sizeOf(data: unknown): number {
  if (data instanceof ArrayBuffer) return data.byteLength;
  return data instanceof Blob ? data.size : 0;
}
