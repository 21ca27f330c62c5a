/** Posts JSON to one address and reads a bounded answer within a time-out, without interpreting it. */

import type { ClientRequest, Agent as HttpAgent, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Clock } from '../../engine/ports/clock.js';
import { decodeUtf8 } from '../../model/utf8.js';
import { http } from '../node-http.js';

/** Less than the usual idle time-out of servers (Node: 5 s), so that no call uses a connection that is being closed. */
const idleTimeoutMs = 4_000;

/** The answer, whatever its status, or why there is none. */
export type HookResponse =
  | { readonly ok: true; readonly status: number; readonly text: string }
  | { readonly ok: false; readonly reason: 'timeout' | 'unreachable' | 'too-large' | 'malformed' };

export interface HookRequest {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For everything: connecting, sending, and the last byte of the answer. */
  readonly timeoutMs: number;
  /** Whether it may be sent twice when a kept connection turns out to have been closed. */
  readonly repeatable: boolean;
}

/** Connections are kept and used again. Redirects are not followed: the address is the configuration's alone. */
export class HookClient {
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #open = new Set<ClientRequest>();

  /** @param url http or https */
  constructor(
    private readonly url: URL,
    private readonly clock: Clock,
    private readonly maxResponseBytes: number,
  ) {
    const options = { keepAlive: true, timeout: idleTimeoutMs };
    this.#agent = url.protocol === 'https:' ? new HttpsAgent(options) : new http.Agent(options);
  }

  /** Never rejects. */
  async post(hookRequest: HookRequest): Promise<HookResponse> {
    const startMs = this.clock.nowMs();
    const first = await this.#send(hookRequest, hookRequest.timeoutMs);
    if (first !== 'stale') return first;
    const leftMs = hookRequest.timeoutMs - (this.clock.nowMs() - startMs);
    const second = hookRequest.repeatable && leftMs > 0 ? await this.#send(hookRequest, leftMs) : first;
    return second === 'stale' ? { ok: false, reason: 'unreachable' } : second;
  }

  /** Aborts calls in progress. */
  close(): void {
    for (const request of this.#open) request.destroy();
    this.#agent.destroy();
  }

  #send({ body, headers }: HookRequest, timeoutMs: number): Promise<HookResponse | 'stale'> {
    const open = this.url.protocol === 'https:' ? httpsRequest : http.request;
    const request = open(this.url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        Accept: 'application/json',
        ...headers,
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
      },
    });
    this.#open.add(request);
    return new Promise<HookResponse | 'stale'>((resolve) => {
      const give = (reason: 'timeout' | 'too-large' | 'unreachable') => resolve({ ok: false, reason });
      const cancel = this.clock.schedule(() => {
        give('timeout');
        request.destroy();
      }, timeoutMs);
      request.on('response', (response) => {
        this.#read(response, resolve, () => {
          give('too-large');
          request.destroy();
        });
      });
      // A reused connection that was closed does not mean that the backend is down.
      request.on('error', (error) => (request.reusedSocket && isReset(error) ? resolve('stale') : give('unreachable')));
      request.on('close', () => {
        cancel();
        this.#open.delete(request);
        give('unreachable');
      });
      request.end(body);
    });
  }

  #read(response: IncomingMessage, resolve: (outcome: HookResponse) => void, tooLarge: () => void): void {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > this.maxResponseBytes) tooLarge();
      else chunks.push(chunk);
    });
    response.on('error', () => resolve({ ok: false, reason: 'unreachable' }));
    response.on('end', () => {
      // Not UTF-8 and so not JSON (RFC 8259 section 8.1), which the caller reports.
      const text = decodeUtf8(Buffer.concat(chunks));
      if (text === undefined) resolve({ ok: false, reason: 'malformed' });
      else resolve({ ok: true, status: response.statusCode ?? 0, text });
    });
  }
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
