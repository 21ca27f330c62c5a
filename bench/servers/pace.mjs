// @ts-check
/**
 * Publishes at a steady rate, in the same way for every server: open loop, so a slow server falls behind visibly.
 * One turn of the event loop never has more than one burst, however late it is, unless it should catch up.
 */
import { nowUs, payloadMaker } from '../shared/payload.mjs';

/**
 * @typedef {object} Pace
 * @property {number} ratePerSec publications per second
 * @property {number} burst publications made in one turn of the event loop
 * @property {number} publications total number
 * @property {number} payloadBytes size of each publication's JSON
 * @property {number} [channels] that get them in turn, each with its own numbers; default: one
 * @property {number} [perChannel] how many one channel gets in a row; default: one
 * @property {boolean} [catchesUp] everything due is published at once, as if it came from outside
 */

/**
 * Resolves when the last publication has been accepted by `publish`.
 * @param {(data: object, channel: number) => unknown} publish
 * @param {Pace} pace
 * @returns {Promise<{ elapsedMs: number, maxLagMs: number }>} `maxLagMs`: how late the latest burst was made
 */
export async function publishAtPace(
  publish,
  { ratePerSec, burst, publications, payloadBytes, channels = 1, perChannel = 1, catchesUp = false },
) {
  const makePayload = payloadMaker(payloadBytes);
  const intervalUs = (1e6 * burst) / ratePerSec;
  const startUs = nowUs() + 1000;
  let maxLagUs = 0;
  let sequence = 0;
  for (let turn = 0; sequence < publications; turn++) {
    const dueUs = startUs + turn * intervalUs;
    if (!catchesUp || dueUs > nowUs()) await nextTurnAt(dueUs);
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
 * The channel of a publication, and its number there, from 1.
 * @param {number} index of the publication, from 0
 * @param {number} channels
 * @param {number} perChannel how many one channel gets in a row
 */
export function placeOf(index, channels, perChannel) {
  const row = Math.floor(index / perChannel);
  return {
    channel: row % channels,
    number: Math.floor(row / channels) * perChannel + (index % perChannel) + 1,
  };
}

/**
 * A new turn of the event loop, not before `dueUs` (as precise as timers, to the millisecond).
 * @param {number} dueUs
 * @returns {Promise<void>}
 */
async function nextTurnAt(dueUs) {
  do {
    const waitMs = Math.ceil((dueUs - nowUs()) / 1e3);
    await new Promise((resolve) => {
      if (waitMs > 0) setTimeout(resolve, waitMs);
      else setImmediate(resolve);
    });
    // Timers count whole milliseconds of a clock that is read once a turn, so they may be early by one.
  } while (nowUs() < dueUs);
}
