/** Gathers what is written within one turn of the event loop, so that it leaves in one frame and one write each. */

import type { Clock } from '../ports/clock.js';

/** Something with bytes to write at the end of the turn. */
export interface Flushable {
  flush(): void;
}

/** A connection's own messages leave before the channels' shared ones: a reply to `subscribe` precedes its channel. */
export class Turn {
  readonly #clock: Clock;
  #outboxes: Flushable[] = [];
  #channels: Flushable[] = [];
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Flushes the outbox at the end of the turn. */
  addOutbox(outbox: Flushable): void {
    this.#outboxes.push(outbox);
    this.#schedule();
  }

  /** Flushes the channel at the end of the turn, after all outboxes. */
  addChannel(channel: Flushable): void {
    this.#channels.push(channel);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.afterTurn(this.flush);
  }

  /** Writes everything now. */
  readonly flush = (): void => {
    this.#scheduled = false;
    const outboxes = this.#outboxes;
    const channels = this.#channels;
    this.#outboxes = [];
    this.#channels = [];
    for (const outbox of outboxes) outbox.flush();
    for (const channel of channels) channel.flush();
  };
}
