// @ts-check
/**
 * Publishes at a steady rate, the same way for every server: open loop, so a slow server falls behind visibly.
 * One event-loop turn never holds more than one burst, however late it is.
 */
import { nowUs, payloadMaker } from '../payload.mjs';

/**
 * @typedef {object} Pace
 * @property {number} ratePerSec publications per second
 * @property {number} burst publications made in one turn of the event loop
 * @property {number} publications how many in all
 * @property {number} payloadBytes size of each one's JSON
 */

/**
 * Resolves when the last publication has been accepted by `publish`.
 * @param {(data: object) => unknown} publish
 * @param {Pace} pace
 * @returns {Promise<{ elapsedMs: number, maxLagMs: number }>} `maxLagMs`: how late the latest burst was made
 */
export async function publishAtPace(publish, { ratePerSec, burst, publications, payloadBytes }) {
  const makePayload = payloadMaker(payloadBytes);
  const intervalUs = (1e6 * burst) / ratePerSec;
  const startUs = nowUs() + 1000;
  let maxLagUs = 0;
  let sequence = 0;
  for (let turn = 0; sequence < publications; turn++) {
    const dueUs = startUs + turn * intervalUs;
    await nextTurnAt(dueUs);
    maxLagUs = Math.max(maxLagUs, nowUs() - dueUs);
    const accepted = [];
    for (let i = 0; i < burst && sequence < publications; i++) {
      sequence += 1;
      accepted.push(publish(makePayload(sequence, dueUs)));
    }
    await Promise.all(accepted);
  }
  return { elapsedMs: (nowUs() - startUs) / 1e3, maxLagMs: maxLagUs / 1e3 };
}

/**
 * A new event-loop turn, not before `dueUs` (to the millisecond that timers have).
 * @param {number} dueUs
 * @returns {Promise<void>}
 */
function nextTurnAt(dueUs) {
  const waitMs = Math.ceil((dueUs - nowUs()) / 1e3);
  return new Promise((resolve) => {
    if (waitMs > 0) setTimeout(resolve, waitMs);
    else setImmediate(resolve);
  });
}
