// @ts-check
/** The common part of all nodes under test: start, publish at a pace or in a flood, and report arrivals and cost. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { measureMemory, Profiler } from '../servers/host.mjs';
import { publishAtPace } from '../servers/pace.mjs';
import { answerRequests } from '../shared/ipc.mjs';
import { channelName } from './channels.mjs';
import { Flood } from './flood.mjs';

/**
 * @typedef {object} NodeOptions
 * @property {string} broker
 * @property {string} url of the service, if there is one
 * @property {boolean} history
 */

/**
 * @typedef {object} NodeUnderTest
 * @property {string} version
 * @property {number} port
 * @property {(channel: string, data: object) => unknown} publish
 * @property {() => number} reached how many messages this node has got through the broker
 */

/**
 * Serves the bench's requests: `start`, `publish`, `flood`, `credit`, `cpu`, `reached`, `memory`, `residentBytes`,
 * `collectGarbage`, `lag`, `endLag`, `profile`, `endProfile`.
 * @template [Options=NodeOptions] what `start` is told
 * @param {(options: Options) => Promise<NodeUnderTest>} open
 */
export function hostNode(open) {
  /** @type {NodeUnderTest | null} */
  let node = null;
  const flood = new Flood();
  const profiler = new Profiler();
  const lag = monitorEventLoopDelay({ resolution: 1 });
  const publish = (/** @type {object} */ data, /** @type {number} */ channel) => {
    if (!node) throw new Error('publish before start');
    return node.publish(channelName(channel), data);
  };
  answerRequests({
    async start(/** @type {Options} */ options) {
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
    lag() {
      lag.reset();
      lag.enable();
    },
    /** How long the event loop was blocked: the maximum and the 99th percentile. */
    endLag() {
      lag.disable();
      return { maxMs: lag.max / 1e6, p99Ms: lag.percentile(99) / 1e6 };
    },
    profile: () => profiler.start('cpu'),
    endProfile: (/** @type {{ path: string }} */ { path }) => profiler.save(path),
  });
}
