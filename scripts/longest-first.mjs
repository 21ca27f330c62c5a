// @ts-check
/**
 * The order of test files: those that take longest begin first, so that none of them is left over at the end with one
 * core at work. What vitest remembers of the last run tells it on a machine that has run them before; this table on a
 * fresh clone.
 */
import { relative, sep } from 'node:path';
import { BaseSequencer } from 'vitest/node';

/** @typedef {import('vitest/node').TestSpecification} TestSpecification */

/** Files of half a minute and more, those that compute and those that wait in turn. */
export const longest = [
  'test/browser/centrifuge.test.ts',
  'test/chaos/chaos.test.ts',
  'test/cluster/redis-refusals.test.ts',
  'test/browser/chat-proxies.test.ts',
  'test/deploy/image.test.ts',
  'test/cluster/broker-states.test.ts',
  'test/deploy/jvm-loads.test.ts',
  'test/deploy/rolling-deploy.test.ts',
  'test/brokers/nats/cluster.test.ts',
  'test/browser/chat.test.ts',
  'test/transports/streaming/proxies.test.ts',
  'test/browser/arena.test.ts',
  'test/cluster/rabbitmq.test.ts',
  'test/console/browser.test.ts',
  'test/brokers/redis/sentinel.test.ts',
  'test/cluster/nats.test.ts',
  'test/examples/live-scores-feed.test.ts',
  'test/hooks/hook-backend-faults.test.ts',
  'test/cluster/redis-cluster.test.ts',
  'test/one-way/proxies.test.ts',
  'test/deploy/proxies.test.ts',
  'test/observe/alerts.test.ts',
  'test/cluster/presence.test.ts',
  'test/browser/live-scores.test.ts',
  'test/chaos/map-race.test.ts',
  'test/simulation/broker-models.test.ts',
  'test/docs/install.test.ts',
  'test/one-way/event-readers.test.ts',
  'test/transports/long-polling/lossy-network.test.ts',
];

/**
 * Those of `longest` come first, in its order; the others stay as they are.
 * @template Item
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} pathOf from the root, with slashes
 */
export function longestFirst(items, pathOf) {
  const rankOf = new Map(longest.map((path, rank) => [path, rank]));
  const rank = (/** @type {Item} */ item) => rankOf.get(pathOf(item)) ?? longest.length;
  return [...items].sort((a, b) => rank(a) - rank(b));
}

export class LongestFirst extends BaseSequencer {
  /**
   * @override
   * @param {TestSpecification[]} specifications
   */
  async sort(specifications) {
    const sorted = await super.sort(specifications);
    return longestFirst(sorted, ({ moduleId }) => relative(this.ctx.config.root, moduleId).split(sep).join('/'));
  }
}
