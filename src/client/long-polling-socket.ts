/**
 * Has the interface of a WebSocket and uses plain requests, for the official SDK's `sockjs` hook. PROTOCOL.md describes
 * requests and answers.
 */

import { Backoff } from './backoff.js';
import { type Batch, decodeAnswer, type OpenedSession } from './long-polling-answer.js';

/** The SDK passes them as `sockjsOptions`. */
export interface LongPollingOptions {
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /**
   * How long an answer may take, in milliseconds; for a poll, in addition to the server's own wait. Default: 10,000.
   */
  readonly timeoutMs?: number;
  /** The pause after a failed request, in milliseconds, which grows up to 20 times. Default: 100. */
  readonly minRetryDelayMs?: number;
}

/** A refusal by the server, which another attempt would not change. */
class Refusal extends Error {}

/** How long the reason for the end may arrive after a send was refused. */
const lastWordMs = 1_000;

/** Waiting frames are joined up to this size, well below the limits of servers. */
const maxJoinedLength = 16_384;
const maxJoinedLines = 128;

const refusals = [400, 401, 403, 404, 405, 409, 413, 415];

/**
 * A connection by long polling, in the shape of a WebSocket, for the official SDK: `fanfare/client` uses it by itself.
 *
 * @example
 * const endpoint = 'https://example.com/connection/long_polling';
 * const centrifuge = new Centrifuge([{ transport: 'sockjs', endpoint }], { sockjs: LongPollingSocket });
 */
export class LongPollingSocket {
  /** The SDK adds it to the name of its transport. */
  readonly transport = 'long_polling';
  /** Code of the state, like a WebSocket: 0 connecting, 1 open, 2 closing, 3 closed. */
  readyState = 0;
  /** Called once, when frames can be sent. */
  onopen: (() => void) | null = null;
  /** Called with each frame, in order. */
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  /** Called before `onclose` when the connection has failed. */
  onerror: ((event: unknown) => void) | null = null;
  /** Called once, with the code and the reason of the end. */
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;
  readonly #minRetryDelayMs: number;
  readonly #over = new AbortController();
  #session: OpenedSession | undefined;
  /** Frames that have not been sent yet. */
  #waiting: string[] = [];
  #isSending = false;
  #lastSendId = 0;

  /** @param _protocols ignored; part of the interface */
  constructor(url: string, _protocols?: unknown, options: LongPollingOptions = {}) {
    this.#url = url;
    // Called without `this`, as browsers require.
    const ask = options.fetch ?? globalThis.fetch;
    this.#fetch = (...request) => ask(...request);
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#minRetryDelayMs = options.minRetryDelayMs ?? 100;
    // Tells the server when the page is left, as browsers do for a WebSocket. Absent in Node.
    globalThis.addEventListener?.('pagehide', this.#leave);
    // Opened by the first frame. The handlers are set first.
    Promise.resolve().then(() => {
      if (this.readyState !== 0) return;
      this.readyState = 1;
      this.onopen?.();
    });
  }

  /** Sends a frame, after the earlier ones. */
  send(frame: string): void {
    if (this.readyState !== 1) return;
    this.#waiting.push(frame);
    if (this.#isSending) return;
    this.#isSending = true;
    this.#run(this.#session === undefined ? this.#open() : this.#sendAll());
  }

  /** Tells the server, and aborts requests in progress. Idempotent. */
  close(): void {
    if (this.readyState >= 2) return;
    const session = this.#session;
    this.#end(1_000);
    if (session === undefined) return;
    const body = JSON.stringify({ session: session.session, node: session.node, close: true });
    // Also from a page that is being left. A server that is not told notices by itself.
    this.#fetch(this.#url, { ...request(body), keepalive: true }).catch(() => undefined);
  }

  readonly #leave = (): void => this.close();

  /** The end of the exchange, whatever its reason, ends the connection. */
  #run(exchange: Promise<void>): void {
    exchange.catch((error: unknown) => {
      if (this.readyState >= 2) return;
      this.onerror?.(error);
      this.#end(1_006);
    });
  }

  #end(code: number): void {
    this.readyState = 2;
    globalThis.removeEventListener?.('pagehide', this.#leave);
    this.#over.abort();
    this.#waiting = [];
    // The caller of `close()` is notified only after the call.
    Promise.resolve().then(() => {
      this.readyState = 3;
      this.onclose?.({ code, reason: '' });
    });
  }

  /** Not repeated, since without an answer the session may exist. */
  async #open(): Promise<void> {
    const batch = await this.#ask({ data: this.#nextFrame() }, this.#timeoutMs);
    const { session, node, wait_ms, grace_ms } = batch ?? {};
    if (batch === undefined || session === undefined || node === undefined) throw new Error('no session');
    this.#session = { session, node, wait_ms: wait_ms ?? 0, grace_ms: grace_ms ?? 0 };
    this.#isSending = false;
    this.#deliver(batch.data);
    this.#run(this.#poll(this.#session, batch.seq));
    this.#flush();
  }

  async #poll({ session, node, wait_ms, grace_ms }: OpenedSession, opened: number): Promise<void> {
    for (let ack = opened; this.readyState === 1; ) {
      const batch = await this.#insist({ session, node, ack }, wait_ms + this.#timeoutMs, grace_ms);
      // A late answer to an older poll, or an empty one: poll again.
      if (batch?.seq !== ack + 1 || this.readyState !== 1) continue;
      ack = batch.seq;
      this.#deliver(batch.data);
    }
  }

  #flush(): void {
    if (this.#isSending || this.#waiting.length === 0 || this.readyState !== 1) return;
    this.#isSending = true;
    this.#run(this.#sendAll());
  }

  /** One request at a time, since they could overtake each other. */
  async #sendAll(): Promise<void> {
    const opened = this.#session;
    if (opened === undefined) return;
    const { session, node, grace_ms } = opened;
    while (this.#waiting.length > 0) {
      const asked = { session, node, id: ++this.#lastSendId, data: this.#nextFrame() };
      try {
        await this.#insist(asked, this.#timeoutMs, grace_ms);
      } catch (error) {
        // The session has just ended; the current poll may still bring the reason.
        if (error instanceof Refusal) await new Backoff(lastWordMs).pause(this.#over.signal, lastWordMs);
        throw error;
      }
    }
    this.#isSending = false;
  }

  /** Joins waiting frames. */
  #nextFrame(): string {
    let [length, lines, count] = [0, 0, 0];
    for (const frame of this.#waiting) {
      length += frame.length;
      lines += frame.split('\n').length;
      if (count > 0 && (length > maxJoinedLength || lines > maxJoinedLines)) break;
      count++;
    }
    return this.#waiting.splice(0, count).join('\n');
  }

  #deliver(data: string): void {
    if (data !== '' && this.readyState === 1) this.onmessage?.({ data });
  }

  /** Repeats a request until there is an answer, for as long as the server may remember the session. */
  async #insist(asked: object, timeoutMs: number, graceMs: number): Promise<Batch | undefined> {
    const backoff = new Backoff(this.#minRetryDelayMs);
    let failedAtMs: number | undefined;
    for (;;) {
      try {
        return await this.#ask(asked, timeoutMs);
      } catch (error) {
        failedAtMs ??= Date.now();
        const leftMs = failedAtMs + graceMs - Date.now();
        if (error instanceof Refusal || leftMs <= 0 || this.readyState !== 1) throw error;
        await backoff.pause(this.#over.signal, leftMs);
      }
    }
  }

  /**
   * One request. `undefined`: it was accepted. Throws {@link Refusal} for a refusal; any other failure means no answer.
   */
  async #ask(asked: object, timeoutMs: number): Promise<Batch | undefined> {
    const late = new AbortController();
    const abort = () => late.abort();
    const timer = setTimeout(abort, timeoutMs);
    const { signal } = this.#over;
    signal.addEventListener('abort', abort);
    try {
      const response = await this.#fetch(this.#url, { ...request(JSON.stringify(asked)), signal: late.signal });
      const { status } = response;
      if (refusals.includes(status)) throw new Refusal(String(status));
      if (status === 204) return undefined;
      if (status === 200) return decodeAnswer(await response.text());
      throw new Error(`answered with ${status}`);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }
}

function request(body: string): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
    // Like the SDK's other transports.
    credentials: 'same-origin',
  };
}
