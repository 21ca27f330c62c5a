// @ts-check
/** What all nodes under test share: start, publish at a pace or in a flood, and say what came and what it cost. */

import { measureMemory, Profiler } from '../servers/host.mjs';
import { publishAtPace } from '../servers/pace.mjs';
import { answerRequests } from '../shared/ipc.mjs';
import { channelName } from './channels.mjs';
import { Flood } from './flood.mjs';

/**
 * @typedef {object} NodeOptions
 * @property {string} broker
 * @property {string} url of the service, where there is one
 * @property {boolean} history
 */

/**
 * @typedef {object} NodeUnderTest
 * @property {string} version
 * @property {number} port
 * @property {(channel: string, data: object) => unknown} publish
 * @property {() => number} reached how many messages have come to this node through the broker
 */

/**
 * Serves the bench's requests: `start`, `publish`, `flood`, `credit`, `cpu`, `reached`, `memory`, `residentBytes`,
 * `collectGarbage`, `profile`, `endProfile`.
 * @param {(options: NodeOptions) => Promise<NodeUnderTest>} open
 */
export function hostNode(open) {
  /** @type {NodeUnderTest | null} */
  let node = null;
  const flood = new Flood();
  const profiler = new Profiler();
  const publish = (/** @type {object} */ data, /** @type {number} */ channel) => {
    if (!node) throw new Error('publish before start');
    return node.publish(channelName(channel), data);
  };
  answerRequests({
    async start(/** @type {NodeOptions} */ options) {
      node = await open(options);
      return { port: node.port, version: node.version };
    },
    publish: (/** @type {import('../servers/pace.mjs').Pace} */ pace) => publishAtPace(publish, pace),
    flood: (/** @type {import('./flood.mjs').FloodOptions} */ options) => flood.run(publish, options),
    credit: (/** @type {{ arrived: number }} */ { arrived }) => flood.credit(arrived),
    cpu: () => process.cpuUsage(),
    reached: () => node?.reached() ?? 0,
    memory: measureMemory,
    residentBytes: () => process.memoryUsage().rss,
    collectGarbage: () => globalThis.gc?.(),
    profile: () => profiler.start('cpu'),
    endProfile: (/** @type {{ path: string }} */ { path }) => profiler.save(path),
  });
}
