/**
 * Looks like a WebSocket and goes by plain requests: for the official SDK's `sockjs` hook, where nothing else passes.
 * PROTOCOL.md says what is asked and answered.
 */

import { Backoff } from './backoff.js';
import { type Batch, decodeAnswer, type OpenedSession } from './long-polling-answer.js';

/** The SDK hands them over as `sockjsOptions`; each has a default. */
export interface LongPollingOptions {
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** How long an answer may take, in milliseconds; a poll that long beyond the server's own time. Default: 10,000. */
  readonly timeoutMs?: number;
  /** The pause after a request that failed, in milliseconds, which grows to 20 times as much. Default: 100. */
  readonly minRetryDelayMs?: number;
}

interface CloseEvent {
  readonly code: number;
  readonly reason: string;
}

/** The server's word, which another attempt would not change. */
class Refusal extends Error {}

/** How long the reason of an end may come after the refusal of what was sent. */
const lastWordMs = 1_000;

/** Frames that wait are sent together up to here: well below what servers take at once. */
const maxJoinedLength = 16_384;
const maxJoinedLines = 128;

const refusals = [400, 401, 403, 404, 405, 409, 413, 415];

export class LongPollingSocket {
  /** The SDK adds it to the name of its transport. */
  readonly transport = 'long_polling';
  /** As of a WebSocket: 0 connecting, 1 open, 2 closing, 3 closed. */
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;
  readonly #minRetryDelayMs: number;
  readonly #over = new AbortController();
  #session: OpenedSession | undefined;
  /** Frames that were not sent yet. */
  #waiting: string[] = [];
  #isSending = false;
  #lastSendId = 0;

  /** @param _protocols for the shape: there are none */
  constructor(url: string, _protocols?: unknown, options: LongPollingOptions = {}) {
    this.#url = url;
    // Called without an owner: browsers insist on that.
    const ask = options.fetch ?? globalThis.fetch;
    this.#fetch = (...request) => ask(...request);
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#minRetryDelayMs = options.minRetryDelayMs ?? 100;
    // A page that is left tells the server; a WebSocket's browser does that for it. Absent in Node.
    globalThis.addEventListener?.('pagehide', this.#leave);
    // There is nothing to open before there is a first frame. The handlers come first.
    Promise.resolve().then(() => {
      if (this.readyState !== 0) return;
      this.readyState = 1;
      this.onopen?.();
    });
  }

  /** Sends a frame, after those before it. */
  send(frame: string): void {
    if (this.readyState !== 1) return;
    this.#waiting.push(frame);
    if (this.#isSending) return;
    this.#isSending = true;
    this.#run(this.#session === undefined ? this.#open() : this.#sendAll());
  }

  /** Tells the server, and ends what is under way. Idempotent. */
  close(): void {
    if (this.readyState >= 2) return;
    const session = this.#session;
    this.#end(1_000);
    if (session === undefined) return;
    const body = JSON.stringify({ session: session.session, node: session.node, close: true });
    // Also from a page that is being left. A server that is not told finds out.
    this.#fetch(this.#url, { ...request(body), keepalive: true }).catch(() => undefined);
  }

  readonly #leave = (): void => this.close();

  /** Whatever ends the exchange ends the connection. */
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
    // Whoever closes is not told in the middle of doing so.
    Promise.resolve().then(() => {
      this.readyState = 3;
      this.onclose?.({ code, reason: '' });
    });
  }

  /** Not repeated: without an answer it is not known whether there is a session now. */
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
      // The answer to an older poll, come late, or none: the next one brings what there is.
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

  /** One request at a time, or they would overtake each other. */
  async #sendAll(): Promise<void> {
    const opened = this.#session;
    if (opened === undefined) return;
    const { session, node, grace_ms } = opened;
    while (this.#waiting.length > 0) {
      const asked = { session, node, id: ++this.#lastSendId, data: this.#nextFrame() };
      try {
        await this.#insist(asked, this.#timeoutMs, grace_ms);
      } catch (error) {
        // A session that has just ended: the poll that is under way may bring the reason, which would be lost otherwise.
        if (error instanceof Refusal) await new Backoff(lastWordMs).pause(this.#over.signal, lastWordMs);
        throw error;
      }
    }
    this.#isSending = false;
  }

  /** Frames that wait, as one. */
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

  /** Asks until there is an answer, as long as the server may remember the session. */
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

  /** One request. `undefined`: it was taken. Everything but a refusal says only that there is no answer. */
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
    // As the SDK's other transports.
    credentials: 'same-origin',
  };
}
