/** Newcomers at a steady rate, each asked about by the connect hook, and what became of each. */

import { errorCode, RawClient } from '../../support/clients/raw-client.js';

export interface Attempt {
  /** When its connect command was sent, by `performance.now()`. */
  readonly atMs: number;
  /** Until the reply, or the end of the connection. */
  readonly tookMs: number;
  /** 0: it was let in. Negative: it got no reply. */
  readonly code: number;
}

export class Storm {
  readonly #port: number;
  readonly #timer: NodeJS.Timeout;
  readonly #underWay = new Set<Promise<void>>();
  readonly attempts: Attempt[] = [];

  constructor(port: number, perSec: number) {
    this.#port = port;
    let due = performance.now();
    this.#timer = setInterval(() => {
      // A timer that comes late has several to start.
      for (; due <= performance.now(); due += 1_000 / perSec) this.#start();
    }, 1_000 / perSec);
  }

  /** Those that were sent from then on. */
  since(atMs: number): Attempt[] {
    return this.attempts.filter((attempt) => attempt.atMs >= atMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  #start(): void {
    const attempt = this.#try().finally(() => this.#underWay.delete(attempt));
    this.#underWay.add(attempt);
  }

  async #try(): Promise<void> {
    const client = await RawClient.open(this.#port);
    const atMs = performance.now();
    const code = await client.command('connect', {}).then(
      (reply) => Number(errorCode(reply) ?? 0),
      () => -1,
    );
    this.attempts.push({ atMs, tookMs: performance.now() - atMs, code });
    await client.close();
  }
}
