// @ts-check
/** How many frames a fan is sent, by the rate of the ball: computed from the part of the match that the bench publishes. */
import { fileURLToPath } from 'node:url';
import { checkBuilt } from '../shared/flags.mjs';

/** As the bench has them by default. */
const plan = { seconds: 30, warmUp: 5, speed: 10, goals: 2 };
const rates = [10, 5, 2, 1, 0.5, 0.2];

/** @typedef {{ at: number, channels: Set<string> }} Turn at: in seconds; channels: the kinds of those that a fan of the match has */

/** @returns {Promise<Turn[]>} */
async function publishedTurns() {
  const { findSegment } = await import('./segment.mjs');
  const { seconds, warmUp, speed, goals } = plan;
  /** @type {Map<number, Turn>} */
  const turns = new Map();
  for (const { at, lines } of findSegment((seconds + warmUp) * speed, goals, warmUp * speed).batches) {
    if (at < warmUp * speed) continue;
    const turn = turns.get(at) ?? { at: at / speed, channels: new Set() };
    // The board is another page's.
    for (const { channel } of lines) if (!channel.startsWith('board')) turn.channels.add(channel.replace(/:.*/, ''));
    if (turn.channels.size > 0) turns.set(at, turn);
  }
  return [...turns.values()].sort((a, b) => a.at - b.at);
}

/**
 * @param {readonly Turn[]} turns
 * @param {number} rate of the ball
 * @param {boolean} ridesAlong whether a place that waits for its beat leaves with other messages that leave before
 */
function framesOf(turns, rate, ridesAlong) {
  const interval = 1 / rate;
  let [frames, isWaiting] = [0, false];
  /** The next beat; infinite during a silence. */
  let beat = Number.POSITIVE_INFINITY;
  const beatsUntil = (/** @type {number} */ time) => {
    while (beat <= time) {
      if (isWaiting) frames++;
      beat = isWaiting ? beat + interval : Number.POSITIVE_INFINITY;
      isWaiting = false;
    }
  };
  for (const { at, channels } of turns) {
    beatsUntil(at);
    const hasBall = channels.has('ball');
    const hasOthers = channels.size > (hasBall ? 1 : 0);
    const endsSilence = hasBall && beat === Number.POSITIVE_INFINITY;
    if (endsSilence) beat = at + interval;
    else isWaiting ||= hasBall;
    if (hasOthers && isWaiting && ridesAlong) {
      isWaiting = false;
      beat = at + interval;
    }
    if (hasOthers || endsSilence) frames++;
  }
  beatsUntil(Number.MAX_VALUE);
  return frames;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  checkBuilt();
  const turns = await publishedTurns();
  const numWith = (/** @type {string} */ channel) => turns.filter(({ channels }) => channels.has(channel)).length;
  const numAlone = turns.filter(({ channels }) => !channels.has('ball')).length;
  console.log(
    `${turns.length} turns: ${numWith('ball')} with the ball, ${numWith('match')} with the document, ${numWith('events')} with events; ${numAlone} without the ball`,
  );
  for (const rate of rates) {
    const [plain, riding] = [false, true].map((ridesAlong) => framesOf(turns, rate, ridesAlong) / plan.seconds);
    console.log(
      `the ball ${rate} times a second: ${plain?.toFixed(2)} frames a second, ${riding?.toFixed(2)} if it left with other messages`,
    );
  }
}
