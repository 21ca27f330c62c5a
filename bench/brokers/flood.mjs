// @ts-check
/**
 * Publishes as fast as publications arrive, with at most a window of them in transit. Arrivals are reported from
 * outside, since not every server knows them.
 */

import { placeOf } from '../servers/pace.mjs';
import { nowUs, payloadMaker } from '../shared/payload.mjs';

/**
 * @typedef {object} FloodOptions
 * @property {number} publications total number
 * @property {number} channels that get them in turn
 * @property {number} perChannel how many one channel gets in a row
 * @property {number} group publications made in one turn of the event loop
 * @property {number} window most publications in transit
 * @property {number} payloadBytes
 */

export class Flood {
  #arrived = 0;
  #onCredit = () => {};

  /**
   * Resolves when each has been accepted by `publish`.
   * @param {(data: object, channel: number) => unknown} publish
   * @param {FloodOptions} options
   * @returns {Promise<{ elapsedMs: number }>}
   */
  async run(publish, { publications, channels, perChannel, group, window, payloadBytes }) {
    const makePayload = payloadMaker(payloadBytes);
    const startUs = nowUs();
    /** Publications that are accepted at once need no `await`. */
    let last = /** @type {unknown} */ (null);
    /** @type {unknown} */
    let failure = null;
    this.#arrived = 0;
    for (let made = 0; made < publications; ) {
      while (made - this.#arrived >= window) {
        await new Promise((resolve) => {
          this.#onCredit = () => resolve(null);
        });
      }
      const dueUs = nowUs();
      for (let i = 0; i < group && made < publications; i++, made++) {
        const { channel, number } = placeOf(made, channels, perChannel);
        last = publish(makePayload(number, dueUs), channel);
        if (last instanceof Promise) {
          last.catch((error) => {
            failure ??= error;
          });
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
      if (failure) throw failure;
    }
    // Brokers answer in order.
    await last;
    if (failure) throw failure;
    return { elapsedMs: (nowUs() - startUs) / 1e3 };
  }

  /** @param {number} arrived number since the start of the run */
  credit(arrived) {
    this.#arrived = arrived;
    this.#onCredit();
  }
}
