// @ts-check
/**
 * Publishes at a steady rate, the same way for every server: open loop, so a slow server falls behind visibly.
 * One event-loop turn never holds more than one burst, however late it is.
 */
import { nowUs, payloadMaker } from '../shared/payload.mjs';

/**
 * @typedef {object} Pace
 * @property {number} ratePerSec publications per second
 * @property {number} burst publications made in one turn of the event loop
 * @property {number} publications how many in all
 * @property {number} payloadBytes size of each one's JSON
 * @property {number} [channels] over which they go in turn, each numbered by itself; without, there is one
 * @property {number} [perChannel] how many in a row go to one channel; without, one
 */

/**
 * Resolves when the last publication has been accepted by `publish`.
 * @param {(data: object, channel: number) => unknown} publish
 * @param {Pace} pace
 * @returns {Promise<{ elapsedMs: number, maxLagMs: number }>} `maxLagMs`: how late the latest burst was made
 */
export async function publishAtPace(
  publish,
  { ratePerSec, burst, publications, payloadBytes, channels = 1, perChannel = 1 },
) {
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
      const { channel, number } = placeOf(sequence, channels, perChannel);
      accepted.push(publish(makePayload(number, dueUs), channel));
      sequence += 1;
    }
    await Promise.all(accepted);
  }
  return { elapsedMs: (nowUs() - startUs) / 1e3, maxLagMs: maxLagUs / 1e3 };
}

/**
 * Which channel a publication goes to, and its number there, from 1.
 * @param {number} index of the publication, from 0
 * @param {number} channels
 * @param {number} perChannel how many in a row go to one channel
 */
export function placeOf(index, channels, perChannel) {
  const row = Math.floor(index / perChannel);
  return {
    channel: row % channels,
    number: Math.floor(row / channels) * perChannel + (index % perChannel) + 1,
  };
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
