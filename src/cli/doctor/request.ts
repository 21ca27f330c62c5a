/** One HTTP request over a connection of its own, so that a load balancer sends each where it likes. */

import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import { http } from '../../http/node-http.js';
import { connectOptions, type Target } from './target.js';

/** More is not read. */
const maxTextLength = 65_536;

interface Asking {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: string;
}

/** A response whose body may never end. */
export class Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What has come so far. */
  text = '';
  isOver = false;
  readonly #request: ClientRequest;
  readonly #waiting = new Set<() => void>();

  constructor(request: ClientRequest, message: IncomingMessage) {
    this.#request = request;
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    message.setEncoding('utf8').on('data', (chunk: string) => {
      if (this.text.length < maxTextLength) this.text += chunk;
      this.#wake();
    });
    const over = () => {
      this.isOver = true;
      this.#wake();
    };
    message.on('error', over).on('close', over);
  }

  /** Whether it came to be true in time; not, when the body ends before. */
  until(isTrue: () => boolean, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (outcome: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(outcome);
      };
      const look = () => {
        if (isTrue()) settle(true);
        else if (this.isOver) settle(false);
      };
      const timer = setTimeout(() => settle(isTrue()), timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  close(): void {
    this.#request.destroy();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/** Resolves with the head. Rejects with the fault of the connection; with `ETIMEDOUT` after the target's time. */
export function open(
  target: Target,
  url: string,
  { method = 'GET', headers = {}, body }: Asking = {},
): Promise<Response> {
  const { timeoutMs, origin } = target;
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? secureRequest : http.request)(url, {
      ...connectOptions(target),
      agent: false,
      method,
      headers: {
        'User-Agent': 'fanfare-doctor',
        'Accept-Encoding': 'gzip',
        ...(origin !== undefined && { Origin: origin }),
        ...(body !== undefined && {
          'Content-Type': 'application/json',
          'Content-Length': String(Buffer.byteLength(body)),
        }),
        ...headers,
      },
    });
    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    request.on('response', (message) => {
      clearTimeout(timer);
      resolve(new Response(request, message));
    });
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end(body);
  });
}

/** The whole of a short answer. Rejects as {@link open} does. */
export async function ask(target: Target, url: string, asking?: Asking): Promise<Response> {
  const response = await open(target, url, asking);
  await response.until(() => false, target.timeoutMs);
  response.close();
  return response;
}

/** `ECONNREFUSED`, or what the error says. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** Whether Fanfare itself has answered, and not something before it. */
export function isOfFanfare({ headers }: Pick<Response, 'headers'>): boolean {
  return (
    headers['x-content-type-options'] === 'nosniff' &&
    /^(text\/plain|application\/json); charset=utf-8$/.test(headers['content-type'] ?? '')
  );
}

/** Who says that it has answered, for a sentence: `nginx/1.22.1`. */
export function answererOf({ headers }: Pick<Response, 'headers'>): string {
  const { server, via } = headers;
  return String(server ?? via ?? 'something before Fanfare');
}
