/** A connection of the twin's page: watches again after each reconnect, retries what was not answered, knows its state. */

import { io, type Socket } from 'socket.io-client';
import { ClientError } from './client-error.js';

const answerMs = 5_000;
const retryMs = 500;

export interface ConnectionStatus {
  readonly state: 'connecting' | 'connected' | 'disconnected';
  readonly isReconnecting: boolean;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

interface Watch {
  readonly what: string;
  readonly key: string;
  uses: number;
  /** All hooks that want the answer. */
  readonly readers: Set<Reader>;
}

interface Reader {
  readonly input: () => object;
  readonly onAnswer: (result: never) => void;
}

export class TwinClient {
  readonly #socket: Socket;
  readonly #watches = new Map<string, Watch>();
  readonly #watchers = new Set<() => void>();
  #status: ConnectionStatus = { state: 'connecting', isReconnecting: false };
  #wasConnected = false;
  #isClosed = false;

  constructor(token?: string) {
    this.#socket = io({ transports: ['websocket'], ...(token !== undefined && { auth: { token } }) });
    this.#socket.on('connect', () => {
      this.#wasConnected = true;
      this.#enter({ state: 'connected', isReconnecting: false });
      for (const watch of this.#watches.values()) for (const reader of watch.readers) void this.#ask(watch, reader);
    });
    this.#socket.on('disconnect', (reason) => {
      this.#enter({ state: 'connecting', isReconnecting: true });
      // Socket.IO does not come back by itself when the server has ended the connection.
      if (reason === 'io server disconnect' && !this.#isClosed) this.#socket.connect();
    });
    this.#socket.on('connect_error', () => this.#enter({ state: 'connecting', isReconnecting: this.#wasConnected }));
  }

  readonly onStatus = (onChange: () => void): (() => void) => {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  };

  readonly readStatus = (): ConnectionStatus => this.#status;

  on<Data>(event: string, listener: (data: Data) => void): () => void {
    this.#socket.on(event, listener);
    return () => {
      this.#socket.off(event, listener);
    };
  }

  /**
   * Asks now and after each reconnect, until it is stopped; hooks that watch the same share it.
   *
   * @param input what is asked for, made anew each time
   * @param shared what tells watches of the same kind apart
   */
  watch<Result>(
    what: string,
    input: () => object,
    onAnswer: (result: Result) => void,
    shared: object = {},
  ): () => void {
    const key = `${what} ${JSON.stringify(shared)}`;
    const watch = this.#watches.get(key) ?? { what, key, uses: 0, readers: new Set() };
    const reader: Reader = { input, onAnswer };
    watch.uses += 1;
    watch.readers.add(reader);
    this.#watches.set(key, watch);
    if (this.#socket.connected) void this.#ask(watch, reader);
    return () => {
      watch.readers.delete(reader);
      watch.uses -= 1;
      if (watch.uses > 0) return;
      this.#watches.delete(key);
      if (this.#socket.connected) this.#socket.emit(`leave ${what}`, shared);
    };
  }

  async rpc(_: 'openDesk', input: object): Promise<{ readonly token: string }> {
    // safe: the server's answer to this question
    return (await this.#call('open desk', input)) as { readonly token: string };
  }

  async publish(channel: string, data: object): Promise<void> {
    await this.#call('say', { id: channel.split(':')[1], ...data });
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.disconnect();
    this.#enter({ state: 'disconnected', isReconnecting: false });
  }

  async #ask(watch: Watch, reader: Reader): Promise<void> {
    for (;;) {
      try {
        const result = await this.#call(`watch ${watch.what}`, reader.input());
        // safe: the server's answer to this question
        if (watch.readers.has(reader)) reader.onAnswer(result as never);
        return;
      } catch {
        // Not answered: again, unless the next connection asks, or nobody is interested any more.
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        if (!this.#socket.connected || !watch.readers.has(reader)) return;
      }
    }
  }

  async #call(event: string, input: object): Promise<unknown> {
    const answer: Answer = await this.#socket.timeout(answerMs).emitWithAck(event, input);
    if (answer.error !== undefined) throw new ClientError(answer.error);
    return answer.result;
  }

  #enter(status: ConnectionStatus): void {
    this.#status = status;
    for (const watcher of this.#watchers) watcher();
  }
}
