/** Calls that are sent together at the end of the turn; each gets its own result. */

import { FanfareError } from '../model/fanfare-error.js';

export interface Call<Subject> {
  readonly subject: Subject;
  resolve(): void;
  reject(error: unknown): void;
}

export class TurnCalls<Subject> {
  #waiting: Call<Subject>[] = [];

  /** @param send settles all calls. Must not throw */
  constructor(private readonly send: (calls: readonly Call<Subject>[]) => void) {}

  add(subject: Subject): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ subject, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.send(this.#take()));
    });
  }

  /** Rejects the waiting calls. */
  close(): void {
    for (const { reject } of this.#take()) reject(new FanfareError('ERR_CLOSED', 'the broker is closed'));
  }

  #take(): Call<Subject>[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
