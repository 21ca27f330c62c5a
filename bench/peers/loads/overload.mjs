// @ts-check
/** Twice the rate that reaches all subscribers of a channel: how much still arrives, and how much waits in memory. */
import { residentBytesOf } from '../../shared/process-use.mjs';

const SECONDS = 5;
const QUICK_SECONDS = 0.5;
const SAMPLE_MS = 50;
/** Most publications in transit while the best rate is determined. */
const WINDOW = 1024;
const MIB = 1_048_576;

/**
 * @param {{ subscribers: number, batch?: string, warmUp: number }} load
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function overload({ subscribers, batch, warmUp }) {
  return async (pair, quick) => {
    const { pid } = await pair.start(batch === undefined ? {} : { batch });
    await pair.open({ count: subscribers });
    const to = { channels: 1, subscribers, burst: 1 };
    const atBest = async (/** @type {number} */ publications) => {
      const { result } = await pair.publish({ ...to, publications, window: WINDOW });
      return (1e3 * publications) / result.elapsedMs;
    };
    const seconds = quick ? QUICK_SECONDS : SECONDS;
    const manyPublications = Math.ceil((await atBest(warmUp)) * seconds);
    const before = await atBest(manyPublications);
    const memory = watchMemory(pid);
    const ratePerSec = 2 * before;
    const publications = Math.ceil(ratePerSec * seconds);
    const { result, ...use } = await pair.publish({ ...to, publications, ratePerSec, overload: true });
    const grownBytes = memory.grownBytes();
    // Measured before and after, since machines change their speed. With fewer clients it would be another figure.
    const after = result.cuts > 0 ? before : await atBest(manyPublications);
    await pair.load('check');
    const best = (before + after) / 2;
    const delivered = (1e3 * result.deliveries) / subscribers / result.elapsedMs;
    return {
      figures: {
        bestPerSec: best,
        deliveredPerSec: delivered,
        deliveredPercent: (100 * delivered) / best,
        grownMib: grownBytes / MIB,
        cuts: result.cuts,
      },
      use,
    };
  };
}

/** @param {number} pid */
function watchMemory(pid) {
  const before = residentBytesOf(pid);
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, residentBytesOf(pid))), SAMPLE_MS);
  return {
    /** Largest growth of the process since the beginning. */
    grownBytes() {
      clearInterval(timer);
      return most - before;
    },
  };
}
