// @ts-check
/** The highest rate at which publications to one channel, each in its own turn, reach all subscribers in time. */

const SECONDS = 3;
const QUICK_SECONDS = 0.5;
/** In time: 99 of 100 deliveries arrive within this time after their publication was due. */
const MOST_P99_MS = 50;
const LEAST_PER_SEC = 10;
const WARM_UP_PER_SEC = 50;
/** Accuracy of the rate. */
const PRECISION = 1.08;
/** A moment in which the machine does something else must not decide the result. */
const ATTEMPTS = 4;

/**
 * @typedef {object} SaturationLoad
 * @property {number} subscribers
 * @property {string} [batch] of the channel, where the server has such a thing
 */

/**
 * @param {SaturationLoad} load
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function saturation({ subscribers, batch }) {
  return async (pair, quick) => {
    await pair.start(batch === undefined ? {} : { batch });
    await pair.open({ count: subscribers });
    /** @type {import('../pair.mjs').Use | null} */
    let use = null;
    const publish = (/** @type {number} */ ratePerSec) => {
      const publications = Math.ceil(ratePerSec * (quick ? QUICK_SECONDS : SECONDS));
      return pair.publish({ publications, channels: 1, subscribers, burst: 1, ratePerSec });
    };
    await publish(WARM_UP_PER_SEC);
    const best = await highest(async (ratePerSec) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { result, ...used } = await publish(ratePerSec);
        if (result.latency.some(({ percentile, ms }) => percentile === 99 && ms > MOST_P99_MS)) continue;
        use = used;
        return true;
      }
      return false;
    });
    await pair.load('check');
    return { figures: { perSec: best, everyMs: 1e3 / best }, use };
  };
}

/**
 * Doubles the rate until two in a row are not sustained, then narrows it down. Two, since a higher rate is not always
 * harder: a channel with a batch gathers only once its node is busy.
 * @param {(ratePerSec: number) => Promise<boolean>} sustains
 */
async function highest(sustains) {
  if (!(await sustains(LEAST_PER_SEC))) throw new Error(`not even ${LEAST_PER_SEC} publications a second are in time`);
  let low = LEAST_PER_SEC;
  for (let rate = 2 * low; rate <= 4 * low; rate *= 2) if (await sustains(rate)) low = rate;
  let high = 2 * low;
  while (high / low > PRECISION) {
    const middle = Math.round(Math.sqrt(low * high));
    if (await sustains(middle)) low = middle;
    else high = middle;
  }
  return low;
}
