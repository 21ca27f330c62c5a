/** `fetch` of simulated clients, and the exchange that nodes' real HTTP transports get of each request. */

import { setMaxListeners } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { Writable } from 'node:stream';
import type { HttpExchange } from '../../../src/http/exchange.js';
import type { RequestHead } from '../../../src/http/request-head.js';
import type { SimProcess } from '../time/sim-process.js';
import type { ClientLine, ClientNet } from './client-net.js';

export interface HttpListener {
  readonly process: SimProcess;
  /** `undefined`: nothing is there. */
  handlerOf(path: string): ((exchange: HttpExchange) => void) | undefined;
}

export interface HttpPorts {
  /** Each request may be led to another node. `undefined`: nobody listens. */
  pick(client: string): HttpListener | undefined;
  netOf(client: string): ClientNet;
  schedule(task: () => void, delayMs: number): void;
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the client and the SDK use of a `Response`. */
interface SimResponse {
  readonly status: number;
  readonly ok: boolean;
  text(): Promise<string>;
  readonly body: { getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }> } };
}

export function simFetch(ports: HttpPorts): typeof fetch {
  const ask = (input: string | URL | Request, init: RequestInit = {}) =>
    new Promise<SimResponse>((resolve, reject) => {
      const url = new URL(String(input));
      const client = url.hostname.split('.')[0] ?? '';
      const failed = () => reject(new TypeError('fetch failed'));
      const listener = ports.pick(client);
      if (listener === undefined) {
        ports.schedule(failed, 1);
        return;
      }
      const { method = 'GET', body, signal } = init;
      const asked = {
        method,
        url: url.pathname + url.search,
        // Only in lower case, as browsers and Node send them.
        headers: Object.fromEntries(
          Object.entries(init.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
        ),
        body: typeof body === 'string' ? body : '',
      };
      const line = ports.netOf(client).open(listener.process);
      const answer = new Answer(resolve, reject, () => signal?.removeEventListener('abort', abort));
      line.onLost = () => answer.lost();
      const abort = () => {
        line.close();
        answer.lost(new DOMException('This operation was aborted', 'AbortError'));
      };
      // As that of Node: many requests may share one.
      if (signal instanceof AbortSignal) setMaxListeners(0, signal);
      if (signal?.aborted === true) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      line.toNode.send(() => {
        const handle = listener.handlerOf(url.pathname);
        const exchange = new SimExchange(asked, line, answer);
        if (handle === undefined) exchange.answer(404, {}, 'no such path\n');
        else handle(exchange);
      });
    });
  // safe: its callers use of it what the simulation has
  return ask as unknown as typeof fetch;
}

/** On the client: an answer that comes in pieces. */
class Answer {
  readonly #pieces: Uint8Array[] = [];
  #isWhole = false;
  #error: Error | undefined;
  #waiting: (() => void) | undefined;

  constructor(
    private readonly resolve: (response: SimResponse) => void,
    private readonly reject: (error: Error) => void,
    private readonly onOver: () => void,
  ) {}

  begins(status: number): void {
    const read = () => this.#read();
    this.resolve({
      status,
      ok: status >= 200 && status < 300,
      text: async () => {
        const all: Uint8Array[] = [];
        for (let piece = await read(); !piece.done; piece = await read()) if (piece.value) all.push(piece.value);
        return Buffer.concat(all).toString();
      },
      body: { getReader: () => ({ read }) },
    });
  }

  piece(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#wake();
  }

  ends(): void {
    this.#isWhole = true;
    this.onOver();
    this.#wake();
  }

  lost(error: Error = new TypeError('terminated')): void {
    if (this.#isWhole) return;
    this.#error ??= error;
    this.onOver();
    this.reject(error);
    this.#wake();
  }

  async #read(): Promise<{ done: boolean; value?: Uint8Array }> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const value = this.#pieces.shift();
      if (value !== undefined) return { done: false, value };
      if (this.#isWhole) return { done: true };
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}

class SimExchange implements HttpExchange {
  readonly head: RequestHead;
  readonly isQueued = false;
  readonly stream: Writable;
  #status: number | undefined;
  #isWhole = false;
  readonly #body: Buffer;

  constructor(
    { method, url, headers, body }: Asked,
    private readonly line: ClientLine,
    private readonly client: Answer,
  ) {
    const rawHeaders = Object.entries(headers).flat();
    const http = { httpVersion: '1.1', httpVersionMajor: 1, socket: { remoteAddress: '192.0.2.1' } };
    this.head = { method, url, headers, rawHeaders, ...http };
    this.#body = Buffer.from(body);
    this.stream = new Writable({
      write: (chunk: Uint8Array, _encoding, taken) => line.write(chunk.length, () => client.piece(chunk), taken),
      final: (done) => {
        this.#isWhole = true;
        line.write(0, () => {
          client.ends();
          line.close();
        });
        done();
      },
      destroy: (error, done) => {
        // What its system has taken arrives nevertheless.
        if (!this.#isWhole) line.end();
        done(error);
      },
    });
    this.stream.on('error', () => undefined);
    line.onGone = () => this.stream.destroy();
  }

  get isOver(): boolean {
    return this.stream.destroyed;
  }

  get isAnswered(): boolean {
    return this.#status !== undefined || this.isOver;
  }

  async readBody(maxBytes: number): Promise<Uint8Array | undefined> {
    return this.#body.length > maxBytes ? undefined : this.#body;
  }

  onLeave(listener: () => void): void {
    this.stream.once('close', () => {
      if (!this.stream.writableEnded) listener();
    });
  }

  answer(status: number, _headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    this.#begin(status);
    if (body.length > 0) this.stream.write(body);
    this.stream.end();
  }

  begin(): void {
    this.#begin(200);
  }

  cut(): void {
    this.stream.destroy();
  }

  #begin(status: number): void {
    this.#status = status;
    this.line.write(0, () => this.client.begins(status));
  }
}
