// @ts-check
/** Publications over the server API to channels without subscribers: each answer must have the next offset. */

/**
 * @typedef {object} ApiLoad
 * @property {'publish' | 'batch' | 'broadcast'} kind
 * @property {number} size publications of one request
 * @property {number} count of requests
 * @property {number} [ratePerSec] default: as many as sixteen connections send to a warm server
 */

/**
 * @param {ApiLoad} load
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function api({ kind, size, count, ratePerSec = 0 }) {
  return async (pair, quick, peer) => {
    const requests = quick ? Math.ceil(count / 10) : count;
    const checkOffsets = peer !== 'node';
    await pair.start();
    if (ratePerSec === 0) {
      await pair.api({ kind, size, count: Math.ceil(requests / 4), checkOffsets });
      await pair.collectGarbage();
    }
    const { result, ...use } = await pair.measured(() =>
      pair.api({ kind, size, count: requests, ratePerSec, checkOffsets }),
    );
    await pair.load('check');
    const publications = requests * size;
    return {
      figures: { cpuUs: use.cpuUs / publications, perSec: (1e3 * publications) / result.elapsedMs },
      use,
    };
  };
}
