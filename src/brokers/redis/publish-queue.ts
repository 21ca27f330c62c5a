/** Publications to one server: those of one turn of the event loop share a command. */

import type { Published } from '../../engine/ports/broker.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { OutgoingPublication } from './publish-command.js';

interface PublishQueueOptions {
  /** Publishes in the given order and returns the result of each, or rejects for all. */
  readonly publish: (batch: readonly OutgoingPublication[]) => Promise<readonly (Published | FanfareError)[]>;
  /** Publications without an answer; further ones are refused at once. */
  readonly maxUnanswered: number;
  /** Publications in one command. While it runs, the server does nothing else. */
  readonly maxBatch: number;
}

interface Waiting {
  readonly publication: OutgoingPublication;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: unknown) => void;
}

/** Approximate longest command, in UTF-16 units of its texts. */
const maxBatchLength = 262_144;

export class PublishQueue {
  #waiting: Waiting[] = [];
  #unanswered = 0;

  constructor(private readonly options: PublishQueueOptions) {}

  /** The order of the calls is the order on the server. @throws FanfareError `ERR_BROKER` */
  add(publication: OutgoingPublication): Promise<Published> {
    const { maxUnanswered } = this.options;
    if (this.#unanswered >= maxUnanswered) {
      return Promise.reject(new FanfareError('ERR_BROKER', `more than ${maxUnanswered} publications wait for redis`));
    }
    this.#unanswered++;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ publication, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.flush());
    });
  }

  /** Sends the queued publications before later commands. */
  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    let batch: Waiting[] = [];
    let length = 0;
    for (const each of waiting) {
      if (batch.length >= this.options.maxBatch || length > maxBatchLength) {
        this.#publish(batch);
        batch = [];
        length = 0;
      }
      batch.push(each);
      length += each.publication.text.length;
    }
    if (batch.length > 0) this.#publish(batch);
  }

  #publish(batch: readonly Waiting[]): void {
    this.options.publish(batch.map(({ publication }) => publication)).then(
      (outcomes) => {
        this.#unanswered -= batch.length;
        for (const [i, { resolve, reject }] of batch.entries()) {
          // safe: there is one for each
          const outcome = outcomes[i] as Published | FanfareError;
          if (outcome instanceof FanfareError) reject(outcome);
          else resolve(outcome);
        }
      },
      (error: unknown) => {
        this.#unanswered -= batch.length;
        for (const { reject } of batch) reject(error);
      },
    );
  }
}
