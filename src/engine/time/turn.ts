/** Gathers data within one turn of the event loop, or several under load, for one frame and one write per connection. */

import type { Cancel, Clock } from '../ports/clock.js';

/** Something with bytes to write at the end of the turn. */
export interface Flushable {
  flush(): void;
}

/** Told once, when what was due has been written. */
export interface WriteListener {
  written(nowMs: number): void;
}

/**
 * Flushes channels into outboxes first, so that everything for one connection leaves together. Channels that may wait
 * do so while the loop is busy: after a turn that worked for a while, they gather for as long as that turn has worked.
 * So an idle loop delays nothing, and in a busy one the writes take at most half of the time.
 */
export class Turn {
  #outboxes: Flushable[] = [];
  #channels: Flushable[] = [];
  /** When the first entry of this turn was added; `undefined`: nothing is scheduled. */
  #beganAtMs: number | undefined;
  /** End of the rest: the latest turn's end plus the time that it worked. */
  #restsUntilMs = 0;
  #waiting: Flushable[] = [];
  /** When the first of these channels can wait no longer. */
  #boundMs = Number.POSITIVE_INFINITY;
  #timer: { readonly atMs: number; readonly cancel: Cancel } | undefined;
  #listener: WriteListener | undefined;

  constructor(private readonly clock: Clock) {}

  /** Outboxes that will be flushed at the end of the turn, each of them a write. */
  get numOutboxes(): number {
    return this.#outboxes.length;
  }

  /** Flushes the outbox at the end of the turn. */
  addOutbox(outbox: Flushable): void {
    this.#outboxes.push(outbox);
    this.#schedule();
  }

  /** Flushes the channel before all outboxes: at the end of this turn, or of a later one within `maxWaitMs`. */
  addChannel(channel: Flushable, maxWaitMs = 0): void {
    const nowMs = maxWaitMs > 0 ? this.clock.nowMs() : this.#restsUntilMs;
    if (nowMs < this.#restsUntilMs) {
      this.#waiting.push(channel);
      this.#boundMs = Math.min(this.#boundMs, nowMs + maxWaitMs);
      this.#wakeUp(nowMs);
    } else {
      this.#channels.push(channel);
      this.#schedule();
    }
  }

  /** Tells the listener at the end of the turn, after all writes. */
  onceWritten(listener: WriteListener): void {
    this.#listener = listener;
    this.#schedule();
  }

  /** Writes everything now, including channels that could wait. */
  flush(): void {
    this.#beganAtMs ??= this.clock.nowMs();
    this.#endWaiting();
    this.#write();
  }

  #schedule(): void {
    if (this.#beganAtMs !== undefined) return;
    this.#beganAtMs = this.clock.nowMs();
    this.clock.afterTurn(this.#end);
  }

  readonly #end = (): void => {
    // `flush()` was called in the meantime.
    if (this.#beganAtMs === undefined) return;
    if (this.clock.nowMs() >= this.#dueMs) this.#endWaiting();
    this.#write();
  };

  #write(): void {
    const channels = this.#channels;
    const beganAtMs = this.#beganAtMs ?? 0;
    this.#channels = [];
    try {
      for (const channel of channels) channel.flush();
    } finally {
      // Only now, so that outboxes filled by these channels schedule nothing: they are flushed below.
      this.#beganAtMs = undefined;
    }
    const outboxes = this.#outboxes;
    this.#outboxes = [];
    for (const outbox of outboxes) outbox.flush();
    const nowMs = this.clock.nowMs();
    this.#restsUntilMs = Math.max(this.#restsUntilMs, 2 * nowMs - beganAtMs);
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    listener.written(nowMs);
  }

  get #dueMs(): number {
    return Math.min(this.#restsUntilMs, this.#boundMs);
  }

  #endWaiting(): void {
    if (this.#waiting.length === 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#boundMs = Number.POSITIVE_INFINITY;
    this.#channels = this.#channels.concat(this.#waiting);
    this.#waiting = [];
  }

  /** One timer for all channels; if it fires too early, because the loop has worked meanwhile, it is set again. */
  #wakeUp(nowMs: number): void {
    const atMs = this.#dueMs;
    if (this.#timer !== undefined && this.#timer.atMs <= atMs) return;
    this.#timer?.cancel();
    this.#timer = { atMs, cancel: this.clock.schedule(this.#wake, atMs - nowMs) };
  }

  readonly #wake = (): void => {
    this.#timer = undefined;
    const nowMs = this.clock.nowMs();
    if (nowMs >= this.#dueMs) this.#schedule();
    else this.#wakeUp(nowMs);
  };
}
