/** Requests of platforms that hand over a `Request` and take a `Response`. */

import type { OutgoingHttpHeaders } from 'node:http';
import { PassThrough } from 'node:stream';
import { BodyAborted } from './body.js';
import type { AnswerStream, HttpExchange } from './exchange.js';
import type { RequestHead } from './request-head.js';
import { webHead } from './web-head.js';

/** What a platform knows of a request besides. */
export interface WebRequestInfo {
  /** The address of the peer; empty: unknown. */
  readonly remoteAddress: string;
  /** When the platform ends the answer, from now on. Absent: never. */
  readonly endsInMs?: number;
}

/** Those that `Response` describes by itself. */
const ownHeaders: ReadonlySet<string> = new Set(['connection', 'transfer-encoding', 'content-length']);
/** RFC 9110, 15.3.5 and 15.4.5: an answer without content. */
const bodiless: ReadonlySet<number> = new Set([204, 304]);

export class WebExchange implements HttpExchange {
  readonly head: RequestHead;
  /** A request is a task of its own: none is behind another. */
  readonly isQueued = false;
  readonly endsInMs: number | undefined;
  /** Resolves once there is one; rejects if the connection has to be cut. */
  readonly response: Promise<Response>;
  readonly stream: AnswerStream;
  readonly #request: Request;
  readonly #body = new PassThrough();
  readonly #leaving: (() => void)[] = [];
  #respond: (response: Response) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #hasAnswered = false;
  #hasLeft: boolean;

  constructor(request: Request, { remoteAddress, endsInMs }: WebRequestInfo) {
    this.#request = request;
    this.head = webHead(request, remoteAddress);
    this.endsInMs = endsInMs;
    this.stream = this.#body;
    this.response = new Promise((resolve, reject) => {
      this.#respond = resolve;
      this.#reject = reject;
    });
    this.#hasLeft = request.signal.aborted;
    request.signal.addEventListener('abort', () => this.#leave(), { once: true });
    // Cancelled by whoever reads it.
    this.#body.once('close', () => {
      if (!this.#body.writableFinished) this.#leave();
    });
    // Always followed by 'close'.
    this.#body.on('error', () => undefined);
  }

  get isOver(): boolean {
    return this.#hasLeft;
  }

  get isAnswered(): boolean {
    return this.#hasAnswered || this.#hasLeft;
  }

  async readBody(maxBytes: number): Promise<Uint8Array | undefined> {
    const { body, headers } = this.#request;
    if (Number(headers.get('content-length') ?? 0) > maxBytes) return undefined;
    if (body === null) return new Uint8Array();
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of body) {
        size += chunk.length;
        // Leaving the loop cancels the rest.
        if (size > maxBytes) return undefined;
        chunks.push(chunk);
      }
    } catch (cause) {
      throw new BodyAborted('the connection ended before the body', { cause });
    }
    return Buffer.concat(chunks, size);
  }

  onLeave(listener: () => void): void {
    if (this.#hasLeft) listener();
    else this.#leaving.push(listener);
  }

  answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    const isEmpty = this.head.method === 'HEAD' || bodiless.has(status);
    // safe: the DOM's type leaves out views of shared memory, which these are not
    this.#answerWith(new Response(isEmpty ? null : (body as BodyInit), { status, headers: webHeaders(headers) }));
  }

  begin(headers: OutgoingHttpHeaders): void {
    this.#answerWith(new Response(bodyOf(this.#body), { headers: webHeaders(headers) }));
  }

  cut(): void {
    this.#reject(new Error('the connection is cut without an answer'));
    this.#leave();
  }

  #answerWith(response: Response): void {
    this.#hasAnswered = true;
    this.#respond(response);
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    // Nobody waits for it any more, but whoever called should not wait for ever.
    if (!this.#hasAnswered) this.#respond(new Response(null, { status: 499 }));
    this.#body.destroy();
    for (const listener of this.#leaving.splice(0)) listener();
  }
}

/** Not `Readable.toWeb`: in Node 20 that throws outside of any call if a reader cancels while something is on its way. */
function bodyOf(stream: PassThrough): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      cancel() {
        stream.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function webHeaders(headers: OutgoingHttpHeaders): Headers {
  const made = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ownHeaders.has(name.toLowerCase())) continue;
    for (const each of Array.isArray(value) ? value : [value]) made.append(name, String(each));
  }
  return made;
}
