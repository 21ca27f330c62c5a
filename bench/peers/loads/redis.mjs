// @ts-check
/** Two nodes with Redis between them: published over the API of one, received by subscribers of the other. */
import { SERVICES } from '../../brokers/services.mjs';
import { expectExact } from '../pair.mjs';

/**
 * @typedef {object} RedisLoad
 * @property {number} size publications of one request
 * @property {number} connections number of connections to the API
 * @property {number} count of requests
 * @property {number} [ratePerSec] of requests; default: as many as the connections send
 * @property {number} [subscribers] of each channel
 */

/**
 * @param {RedisLoad} load
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function overRedis({ size, connections, count, ratePerSec = 0, subscribers = 1 }) {
  return async (pair, quick) => {
    const requests = quick ? Math.ceil(count / 5 / connections) * connections : count;
    const redis = await SERVICES.redis();
    try {
      await pair.start({ redisUrl: redis.url });
      const second = await pair.start({ redisUrl: redis.url });
      // Each connection of the API has its own channels.
      const channels = connections * size;
      await pair.open({ count: channels * subscribers, channels }, second);
      const publish = async (/** @type {number} */ share) => {
        const perConnection = Math.ceil((requests * share) / connections);
        await pair.load('begin', { publications: perConnection });
        const before = redis.cpuUs();
        const measured = await pair.measured(async () => {
          /** @type {Promise<import('../pair.mjs').RunResult>} */
          const delivered = pair.load('result');
          await pair.api({
            kind: size === 1 ? 'publish' : 'batch',
            count: perConnection * connections,
            perConnection,
            ...{ size, connections, ratePerSec },
          });
          const result = await delivered;
          expectExact(result);
          return result;
        });
        const publications = perConnection * connections * size;
        return { ...measured, publications, redisUs: redis.cpuUs() - before };
      };
      await publish(0.25);
      await pair.collectGarbage();
      const { result, publications, redisUs, ...use } = await publish(1);
      await pair.load('check');
      return {
        figures: {
          cpuUs: use.cpuUs / publications,
          redisUs: redisUs / publications,
          perSec: (1e3 * publications) / result.elapsedMs,
        },
        use,
      };
    } finally {
      // Before the service: nodes that lose their broker would log it.
      await Promise.all(pair.servers.splice(0).map((server) => server.close()));
      await redis.close();
    }
  };
}
