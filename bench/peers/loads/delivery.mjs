// @ts-check
/** Publications of the server itself to channels, each with a number of subscribers. */

/**
 * @typedef {object} DeliveryLoad
 * @property {number} channels
 * @property {number} subscribers of each channel
 * @property {number} [perClient] channels of each connection; default: one
 * @property {number} burst publications in one turn of the event loop
 * @property {number} [ratePerSec] of publications; default: as fast as they arrive
 * @property {number} [window] as fast as they arrive: most publications in transit
 * @property {string} [batch] of the channels, if the server can gather under load
 * @property {number} [deliveries] approximate number that is measured; default: six seconds at that rate
 */

const SECONDS = 6;
const QUICK_SHARE = 8;

/**
 * @param {DeliveryLoad} load
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function delivery({ channels, subscribers, perClient = 1, burst, ratePerSec, window, batch, deliveries }) {
  return async (pair, quick) => {
    // A quick run has fewer channels, but as many subscribers per channel, since these are what is measured.
    const used = quick && channels > 1 ? channels / 10 : channels;
    await pair.start(batch === undefined ? {} : { batch });
    await pair.open({ count: (used * subscribers) / perClient, channels: used, perClient });
    const wanted = (deliveries ?? SECONDS * Number(ratePerSec) * subscribers) / (quick ? QUICK_SHARE : 1);
    const publish = (/** @type {number} */ share) => {
      // The same number for each channel.
      const publications = Math.ceil((wanted * share) / subscribers / used) * used;
      return pair.publish({
        publications,
        channels: used,
        subscribers,
        burst,
        ...(ratePerSec && { ratePerSec }),
        ...(window && { window }),
      });
    };
    await publish(0.25);
    const { result, ...use } = await publish(1);
    await pair.load('check');
    const latency = (/** @type {number} */ at) =>
      result.latency.find(({ percentile }) => percentile === at)?.ms ?? Number.NaN;
    return {
      figures: {
        cpuUs: use.cpuUs / result.deliveries,
        perSec: (1e3 * result.deliveries) / result.elapsedMs,
        p50Ms: latency(50),
        p99Ms: latency(99),
      },
      use,
    };
  };
}
