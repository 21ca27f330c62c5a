/** A warning about something frequent: logged at once, then once a minute with a count. */

import type { Cancel, Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';

const intervalMs = 60_000;

export class RepeatedWarning {
  readonly #message: string;
  readonly #clock: Pick<Clock, 'schedule'>;
  readonly #log: Logger;
  #last: object | undefined;
  #count = 0;
  #timer: Cancel | undefined;
  #isClosed = false;

  constructor(message: string, { clock, log }: { readonly clock: Pick<Clock, 'schedule'>; readonly log: Logger }) {
    this.#message = message;
    this.#clock = clock;
    this.#log = log;
  }

  /** Counts one more occurrence. @param fields logged for the last one */
  found(fields: object): void {
    if (this.#isClosed) return;
    this.#last = fields;
    this.#count++;
    if (this.#timer === undefined) this.#tell();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.();
  }

  #tell(): void {
    this.#timer = undefined;
    if (this.#last === undefined) return;
    this.#log.warn({ ...this.#last, count: this.#count }, this.#message);
    this.#last = undefined;
    this.#count = 0;
    this.#timer = this.#clock.schedule(() => this.#tell(), intervalMs);
  }
}
