/** The connection to the server, which the page can cut for a while to show what happens then. */

const cutMs = 6_000;

export class Line {
  #isCut = false;
  readonly #listeners = new Set<() => void>();
  /** For the client: lets nothing through while the line is cut. */
  readonly websocket: typeof WebSocket;

  constructor() {
    const isCut = () => this.#isCut;
    this.websocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        if (isCut()) throw new Error('the line is cut');
        super(url, protocols);
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

  /** For six seconds. */
  cut(): void {
    if (this.#isCut) return;
    this.#set(true, 'offline');
    setTimeout(() => this.#set(false, 'online'), cutMs);
  }

  /** @returns a function that stops listening */
  readonly onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(isCut: boolean, event: 'offline' | 'online'): void {
    this.#isCut = isCut;
    dispatchEvent(new Event(event));
    for (const listener of this.#listeners) listener();
  }
}
