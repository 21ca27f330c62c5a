// @ts-check
/** The server of bench/slow.mjs: one channel with a policy for slow readers, published to at a pace. */
import { channel, fanfare } from '../../dist/index.js';
import { answerRequests } from '../shared/ipc.mjs';
import { measureMemory } from './host.mjs';
import { publishAtPace } from './pace.mjs';

// As the fanfare command does it.
Buffer.poolSize = 8_192;

/** @type {(data: object) => unknown} */
let publish = () => undefined;
/** Connections that the server has ended, by their codes. @type {Record<number, number>} */
const ended = {};

answerRequests({
  /** @param {{ slow: import('../../dist/index.js').SlowOption, historySize: number }} args */
  async start({ slow, historySize }) {
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const history = historySize > 0 ? { history: { size: historySize, ttl: /** @type {const} */ ('1h') } } : {};
    const app = fanfare({
      anonymous: true,
      log,
      channels: { 'feed:{x}': channel({ subscribe: 'anyone', maxMessageBytes: 1_000_000, slow, ...history }) },
      // A ping to a reader that has stopped would have no answer.
      limits: { pingIntervalMs: 0, maxConnections: 0 },
      on: {
        disconnected: (/** @type {unknown} */ _, /** @type {{ code: number }} */ { code }) => {
          ended[code] = (ended[code] ?? 0) + 1;
        },
      },
    });
    publish = (data) => app.publish('feed:a', data);
    return (await app.listen(0)).port;
  },
  publish: (/** @type {import('./pace.mjs').Pace} */ pace) => publishAtPace((data) => publish(data), pace),
  /** In bytes, after garbage collection. */
  async memory() {
    const { rss, heapUsed, external } = await measureMemory();
    return { rss, live: heapUsed + external };
  },
  cpu: () => process.cpuUsage(),
  ended: () => ended,
});
