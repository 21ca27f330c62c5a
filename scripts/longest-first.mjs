// @ts-check
/**
 * The order of test files: those that take longest begin first, so that none of them is left over at the end with one
 * core at work. What vitest remembers of the last run tells it on a machine that has run them before; this table on a
 * fresh clone.
 */
import { relative, sep } from 'node:path';
import { BaseSequencer } from 'vitest/node';

/** @typedef {import('vitest/node').TestSpecification} TestSpecification */

/** Files of about half a minute and more, the longest first. */
export const longest = [
  'test/chaos/chaos.test.ts',
  'test/browser/centrifuge.test.ts',
  'test/cluster/redis-refusals.test.ts',
  'test/browser/chat-proxies.test.ts',
  'test/deploy/image.test.ts',
  'test/brokers/nats/cluster.test.ts',
  'test/deploy/rolling-deploy.test.ts',
  'test/deploy/jvm-loads.test.ts',
  'test/brokers/rabbitmq/states.test.ts',
  'test/cluster/broker-states.test.ts',
  'test/browser/chat.test.ts',
  'test/site/browser.test.ts',
  'test/transports/streaming/proxies.test.ts',
  'test/one-way/proxies.test.ts',
  'test/brokers/rabbitmq/broker.test.ts',
  'test/hooks/hook-backend-faults.test.ts',
  'test/cluster/rabbitmq.test.ts',
  'test/brokers/redis/valkey.test.ts',
  'test/console/browser.test.ts',
  'test/tracing/fleet.test.ts',
  'test/cluster/nats.test.ts',
  'test/browser/arena.test.ts',
  'test/docs/recipes.test.ts',
  'test/docs/install.test.ts',
  'test/brokers/redis/sentinel.test.ts',
  'test/brokers/rabbitmq/access.test.ts',
  'test/cluster/redis-cluster.test.ts',
  'test/deploy/proxies.test.ts',
  'test/aws/dynamodb.test.ts',
  'test/brokers/redis/epochs.test.ts',
  'test/transports/long-polling/centrifuge.test.ts',
  'test/brokers/redis/cluster-down.test.ts',
  'test/cluster/presence.test.ts',
  'test/brokers/redis/cluster.test.ts',
  'test/browser/live-scores.test.ts',
  'test/transports/websocket/centrifuge.test.ts',
  'test/observe/alerts.test.ts',
  'test/simulation/broker-models.test.ts',
  'test/brokers/rabbitmq/history.test.ts',
  'test/cluster/two-nodes.test.ts',
  'test/brokers/redis/states.test.ts',
  'test/browser/live-scores-restart.test.ts',
  'test/one-way/event-readers.test.ts',
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
