// @ts-check
/** What is measured: the work with its loads, the participants, and the aims. */
import { mostConnections } from '../shared/machine.mjs';
import { api } from './loads/api.mjs';
import { commands, historyPages } from './loads/commands.mjs';
import { connects } from './loads/connect.mjs';
import { delivery } from './loads/delivery.mjs';
import { idle } from './loads/idle.mjs';
import { kept } from './loads/kept.mjs';
import { overload } from './loads/overload.mjs';
import { presence } from './loads/presence.mjs';
import { recovery } from './loads/recover.mjs';
import { overRedis } from './loads/redis.mjs';
import { saturation } from './loads/saturation.mjs';
import { starts } from './loads/start.mjs';
import { storm } from './loads/storm.mjs';
import { goPrograms, redisServer } from './programs.mjs';

/** @typedef {import('./peers.mjs').PeerName} PeerName */
/** @typedef {import('./pair.mjs').Use} Use */
/** @typedef {{ versus: PeerName, atMost: number }} Aim Fanfare's share of another's, at most */

/**
 * @typedef {object} Row one figure of a scenario
 * @property {string} figure its name in results
 * @property {string} what
 * @property {'µs' | 'ms' | 's' | 'KiB' | 'MiB' | '/s' | '%' | '' } unit
 * @property {readonly Aim[]} aims
 */

/**
 * @typedef {object} Outcome
 * @property {Record<string, number>} figures
 * @property {Use | null} use of the measured part, if there is one
 */

/**
 * @typedef {object} Scenario
 * @property {string} title
 * @property {readonly PeerName[]} peers that can do it
 * @property {readonly Row[]} rows
 * @property {readonly (() => import('./programs.mjs').Program)[]} needs programs besides the servers
 * @property {(pair: import('./pair.mjs').Pair, quick: boolean, peer: PeerName) => Promise<Outcome>} run
 */

/** The load client. */
const load = [goPrograms];
/** The peers that publish in their own process. @type {readonly PeerName[]} */
const inProcess = ['fanfare', 'centrifuge', 'bun', 'ws', 'ws-shared', 'socketio'];
/** The peers with an API. @type {readonly PeerName[]} */
const withApi = ['fanfare', 'centrifugo', 'node'];
/** @type {readonly PeerName[]} */
const withHistory = ['fanfare', 'centrifuge', 'centrifugo'];

const notYoung = "of that outside V8's young generation";

/** @type {Readonly<Record<string, Scenario>>} */
export const SCENARIOS = {
  connect: {
    title: '10,000 connect with a token and subscribe',
    peers: ['fanfare', 'centrifuge', 'centrifugo', 'bun', 'ws', 'socketio'],
    rows: [
      row('coldUs', 'each, server just started', 'µs', { centrifugo: 1.3 }),
      row('coldSec', 'until all are there', 's', { centrifugo: 1.3 }),
      row('warmUs', 'each, once more', 'µs', { centrifugo: 1.2 }),
      row('refusedUs', 'each, refused for its token', 'µs'),
    ],
    needs: load,
    run: connects({ count: 10_000, quickCount: 1000 }),
  },
  storm: {
    title: '10,000 connect with a token and subscribe, all at once',
    peers: ['fanfare', 'centrifuge', 'ws'],
    rows: [
      row('cpuUs', 'each', 'µs'),
      row('allSec', 'until all are there', 's'),
      row('stopMs', 'longest stop of the event loop', 'ms'),
      row('refusedUs', 'each, refused since too many come', 'µs'),
    ],
    needs: load,
    run: storm({ count: 10_000, quickCount: 1000 }),
  },
  recover: {
    title: '5,000 come back at once and recover 50 each',
    peers: withHistory,
    rows: [
      row('cpuUs', 'each', 'µs', { centrifuge: 1.2 }),
      row('allBackSec', 'until all are back', 's', { centrifuge: 1.5 }),
    ],
    needs: load,
    run: recovery({ count: 5000, quickCount: 500, missed: 50 }),
  },
  many: deliveries(
    '10,000 channels × 1 subscriber, a connection each, as fast as they arrive',
    'a publication',
    {},
    {
      channels: 10_000,
      subscribers: 1,
      burst: 32,
      deliveries: 160_000,
    },
  ),
  'many-rate': deliveries(
    '10,000 channels × 1 subscriber, 5,000/s',
    'a publication',
    { centrifuge: 1.2 },
    {
      channels: 10_000,
      subscribers: 1,
      burst: 5,
      ratePerSec: 5000,
    },
  ),
  'many-single': deliveries(
    '10,000 channels × 1 subscriber, 500/s one by one',
    'a publication',
    { centrifuge: 1.2 },
    {
      channels: 10_000,
      subscribers: 1,
      burst: 1,
      ratePerSec: 500,
      deliveries: 10_000,
    },
  ),
  small: deliveries(
    '1,000 channels × 10 subscribers, a connection each, as fast as they arrive',
    'a delivery',
    {},
    {
      channels: 1000,
      subscribers: 10,
      burst: 32,
      deliveries: 600_000,
    },
  ),
  'many-ten': deliveries(
    '10,000 channels × 1 subscriber, ten of each connection, as fast as they arrive',
    'a publication',
    { centrifuge: 0.8 },
    { channels: 10_000, subscribers: 1, perClient: 10, burst: 40, deliveries: 160_000 },
  ),
  'small-ten': deliveries(
    '1,000 channels × 10 subscribers, ten of each connection, as fast as they arrive',
    'a delivery',
    { centrifuge: 0.6 },
    { channels: 1000, subscribers: 10, perClient: 10, burst: 40, deliveries: 600_000 },
  ),
  'fanout-1': deliveries(
    '1 channel × 1,000 subscribers, 100/s, one a turn',
    'a delivery',
    { centrifuge: 0.6, bun: 1.25 },
    {
      channels: 1,
      subscribers: 1000,
      burst: 1,
      ratePerSec: 100,
    },
  ),
  'fanout-10': deliveries(
    '1 channel × 1,000 subscribers, 100/s, ten a turn',
    'a delivery',
    { centrifuge: 0.35, bun: 1.15 },
    {
      channels: 1,
      subscribers: 1000,
      burst: 10,
      ratePerSec: 100,
    },
  ),
  'fanout-50': deliveries(
    '1 channel × 1,000 subscribers, 500/s, fifty a turn',
    'a delivery',
    { bun: 0.7 },
    {
      channels: 1,
      subscribers: 1000,
      burst: 50,
      ratePerSec: 500,
    },
  ),
  'fanout-saturated': deliveries(
    '1 channel × 1,000 subscribers, as fast as they arrive',
    'a delivery',
    {},
    {
      channels: 1,
      subscribers: 1000,
      burst: 1,
      window: 64,
      deliveries: 600_000,
    },
  ),
  saturation: saturated('one a turn', {}, { subscribers: 1000 }),
  overload: overloaded('', { subscribers: 1000, warmUp: 100 }),
  'overload-batch': overloaded(" with batch: '20ms'", { subscribers: 1000, batch: '20ms', warmUp: 2000 }),
  'saturation-batch': saturated("one a turn, batch: '20ms'", {}, { subscribers: 1000, batch: '20ms' }),
  'fanout-batch': deliveries(
    "1 channel × 1,000 subscribers with batch: '20ms', as fast as they arrive",
    'a delivery',
    {},
    {
      channels: 1,
      subscribers: 1000,
      burst: 1,
      window: 64,
      batch: '20ms',
      deliveries: 600_000,
    },
  ),
  ...Object.fromEntries(
    [10, 100, 10_000, 100_000].map((size) => [
      `kept-${size}`,
      /** @type {Scenario} */ ({
        title: `Publish with ${size.toLocaleString('en')} kept, no subscriber`,
        peers: ['fanfare', 'centrifuge'],
        rows: [row('cpuUs', 'a publication', 'µs', { centrifuge: 0.8 })],
        needs: load,
        run: kept({ size, publications: 200_000, quickPublications: 20_000 }),
      }),
    ]),
  ),
  ...Object.fromEntries(
    [100, 1000].map((limit) => [
      `history-${limit}`,
      /** @type {Scenario} */ ({
        title: `History in pages of ${limit.toLocaleString('en')}`,
        peers: withHistory,
        rows: [row('cpuUs', 'a message', 'µs', { centrifuge: 1.2 })],
        needs: load,
        run: historyPages({ limit, kept: 10_000, pages: 1_000_000 / limit }),
      }),
    ]),
  ),
  api: overApi('Server API: publish, saturated', { centrifugo: 1 }, { kind: 'publish', size: 1, count: 20_000 }),
  'api-rate': overApi(
    'Server API: publish, 1,000/s from cold',
    { centrifugo: 1.5 },
    {
      kind: 'publish',
      size: 1,
      count: 5000,
      ratePerSec: 1000,
    },
  ),
  'api-batch': overApi('Server API: batches of 100', { centrifugo: 0.5 }, { kind: 'batch', size: 100, count: 1000 }),
  'api-broadcast': overApi(
    'Server API: broadcast to 100 channels',
    { centrifugo: 0.4 },
    {
      kind: 'broadcast',
      size: 100,
      count: 1000,
    },
  ),
  publish: {
    title: 'Clients publish, each to a channel of its own',
    peers: ['fanfare', 'centrifuge', 'centrifugo', 'bun', 'ws', 'socketio'],
    rows: [row('cpuUs', 'a publication', 'µs', { centrifuge: 0.9 })],
    needs: load,
    run: commands({ kind: 'publish', clients: 100, count: 60_000 }),
  },
  rpc: {
    title: 'Clients call a procedure',
    peers: ['fanfare', 'centrifuge', 'bun', 'ws', 'socketio'],
    rows: [row('cpuUs', 'a call', 'µs', { centrifuge: 1.2 })],
    needs: load,
    run: commands({ kind: 'rpc', clients: 100, count: 80_000 }),
  },
  presence: {
    title: 'A channel with presence that tells joins and leaves',
    peers: withHistory,
    rows: [
      row('joinsSec', '1,000 join', 's', { centrifuge: 1 }),
      row('leavesSec', 'half of them leave', 's', { centrifuge: 0.25 }),
    ],
    needs: load,
    run: presence({ members: 1000, quickMembers: 200 }),
  },
  'redis-single': redis(
    'Redis, two nodes: published one by one, 500/s',
    { centrifugo: 1.5 },
    {
      size: 1,
      connections: 16,
      count: 4000,
      ratePerSec: 500,
    },
  ),
  'redis-batch': redis(
    'Redis, two nodes: batches of 100',
    { centrifugo: 1 },
    { size: 100, connections: 4, count: 800 },
  ),
  'redis-fanout': redis(
    'Redis, two nodes: published to 1,000 subscribers, 100/s',
    { centrifugo: 0.6 },
    {
      size: 1,
      connections: 1,
      count: 600,
      ratePerSec: 100,
      subscribers: 1000,
    },
  ),
  ...Object.fromEntries(
    [1, 10].map((perClient) => [
      `idle-${perClient}`,
      /** @type {Scenario} */ ({
        title: `10,000 idle connections with ${perClient === 1 ? 'one subscription' : `${perClient} subscriptions`}`,
        peers: ['fanfare', 'centrifuge', 'centrifugo', 'bun', 'ws', 'socketio'],
        rows: [row('kib', 'memory of each', 'KiB'), row('oldKib', notYoung, 'KiB')],
        needs: load,
        run: idle({ count: 10_000, quickCount: 1000, perClient }),
      }),
    ]),
  ),
  'idle-most': {
    title: '50,000 idle connections, or as many as files may be open, with one subscription',
    peers: ['fanfare', 'centrifuge', 'ws'],
    rows: [row('kib', 'memory of each', 'KiB'), row('oldKib', notYoung, 'KiB'), row('clients', 'connections', '')],
    needs: load,
    run: idle({ count: Math.min(50_000, mostConnections()), quickCount: 2000, perClient: 1 }),
  },
  start: {
    title: 'Starting',
    peers: ['fanfare', 'centrifugo', 'node', 'ws', 'socketio'],
    rows: [
      row('helpMs', '--help (bare: node -e 0)', 'ms', { node: 2 }),
      row('startMs', 'until the server answers', 'ms'),
      row('importMs', 'import of the package', 'ms', { socketio: 1.2 }),
    ],
    needs: [],
    run: starts,
  },
};

/**
 * @param {string} figure
 * @param {string} what
 * @param {Row['unit']} unit
 * @param {Partial<Record<PeerName, number>>} [atMost]
 * @returns {Row}
 */
function row(figure, what, unit, atMost = {}) {
  const aims = Object.entries(atMost).map(([versus, most]) => ({
    versus: /** @type {PeerName} */ (versus),
    atMost: most,
  }));
  return { figure, what, unit, aims };
}

/**
 * @param {string} title
 * @param {string} unit of work
 * @param {Partial<Record<PeerName, number>>} atMost
 * @param {import('./loads/delivery.mjs').DeliveryLoad} work
 * @returns {Scenario}
 */
function deliveries(title, unit, atMost, work) {
  return { title, peers: inProcess, rows: [row('cpuUs', unit, 'µs', atMost)], needs: load, run: delivery(work) };
}

/**
 * @param {string} how
 * @param {Partial<Record<PeerName, number>>} atMost
 * @param {import('./loads/saturation.mjs').SaturationLoad} work
 * @returns {Scenario}
 */
function saturated(how, atMost, work) {
  return {
    title: `1 channel × 1,000 subscribers, ${how}, p99 below 50 ms`,
    peers: work.batch === undefined ? inProcess : ['fanfare', 'centrifuge'],
    rows: [row('everyMs', 'least time between publications', 'ms', atMost)],
    needs: load,
    run: saturation(work),
  };
}

/**
 * @param {string} how
 * @param {Parameters<typeof overload>[0]} work
 * @returns {Scenario}
 */
function overloaded(how, work) {
  return {
    title: `1 channel × 1,000 subscribers${how}, twice as many as arrive at best`,
    peers: work.batch === undefined ? inProcess : ['fanfare', 'centrifuge'],
    rows: [
      row('bestPerSec', 'publications at best', '/s'),
      row('deliveredPercent', 'delivered, of those', '%'),
      row('grownMib', 'growth of memory', 'MiB'),
      row('cuts', 'clients cut off', ''),
    ],
    needs: load,
    run: overload(work),
  };
}

/**
 * @param {string} title
 * @param {Partial<Record<PeerName, number>>} atMost
 * @param {import('./loads/api.mjs').ApiLoad} work
 * @returns {Scenario}
 */
function overApi(title, atMost, work) {
  // Plain Node has no batches.
  const peers = work.size === 1 ? withApi : withApi.filter((name) => name !== 'node');
  return { title, peers, rows: [row('cpuUs', 'a publication', 'µs', atMost)], needs: load, run: api(work) };
}

/**
 * @param {string} title
 * @param {Partial<Record<PeerName, number>>} atMost
 * @param {import('./loads/redis.mjs').RedisLoad} work
 * @returns {Scenario}
 */
function redis(title, atMost, work) {
  const rows = [row('cpuUs', 'a publication, both nodes', 'µs', atMost), row('redisUs', 'beside it, in Redis', 'µs')];
  return { title, peers: ['fanfare', 'centrifugo'], rows, needs: [...load, redisServer], run: overRedis(work) };
}
