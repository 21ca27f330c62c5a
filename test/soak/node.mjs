// @ts-check
/** A node of the soak: every policy and transport, over Redis, and a side door through which it says what it holds. */

import { Server } from 'node:http';
import { redis } from '../../.cache/modules/brokers/redis/index.js';
import { Node } from '../../.cache/modules/engine/node.js';
import { channel, fanfare } from '../../.cache/modules/index.js';
import { createLog } from '../../.cache/modules/observe/log.js';
import { rememberPlaces } from './made-at.mjs';

/** @type {{ url: string, port: number, keepSec: number, traceTo?: string }} */
const { url, port, keepSec, traceTo } = JSON.parse(process.argv[2] ?? '{}');

const writeTrace = traceTo === undefined ? undefined : rememberPlaces(traceTo);
let numTraces = 0;

/** The engine's parts are private to the app: looked at over the shoulder of the node when it starts. @type {Node | undefined} */
let node;
const { start } = Node.prototype;
Node.prototype.start = function startObserved() {
  node = this;
  return start.call(this);
};

/** Connections that wait for a next request are given up soon, so that nobody waits for that. */
const { listen } = Server.prototype;
Server.prototype.listen = function listenBriefly(/** @type {unknown[]} */ ...args) {
  this.keepAliveTimeout = 1_000;
  return Reflect.apply(listen, this, args);
};

/** Lines of the log at the level of an error. */
let numErrors = 0;
function told(/** @type {string} */ line) {
  numErrors++;
  process.stderr.write(line);
}
const ttl = /** @type {const} */ (`${keepSec}s`);
const anyone = /** @type {const} */ ({ subscribe: 'anyone', publish: 'anyone' });
const app = fanfare({
  anonymous: true,
  broker: redis({ url, streamIdleMs: keepSec * 1_000, mapIdleMs: keepSec * 1_000 }),
  channels: {
    'chat:{room}': channel({
      ...anyone,
      history: { size: 1_000, ttl, read: 'anyone' },
      presence: 'anyone',
      joinLeave: true,
    }),
    'bulk-recover:{n}': channel({ ...anyone, history: { size: 200, ttl }, slow: 'recover' }),
    'bulk-latest:{n}': channel({ ...anyone, slow: 'latest' }),
    'bulk-oldest:{n}': channel({ ...anyone, slow: { dropOldest: 5 } }),
    'bulk-disconnect:{n}': channel({ ...anyone, history: { size: 200, ttl } }),
    'game:{id}': channel({ ...anyone, map: { size: 1_000 }, history: { size: 100, ttl }, slow: 'latest' }),
    'price:{symbol}': channel({ ...anyone, history: { size: 100, ttl }, delta: true, compaction: true }),
    'match:{id}': channel({ ...anyone, history: { size: 100, ttl }, maxRate: { default: 5, max: 20 } }),
    'answers:{id}': channel({ ...anyone, streams: { ttl, interruptAfter: '2s' } }),
    'news:{topic}': channel({ ...anyone, history: { size: 100, ttl }, filterTags: ['kind'], batch: '20ms' }),
  },
  transports: { sse: true },
  // Shorter than usual, so that what is over is forgotten while somebody waits for it.
  limits: { pingIntervalMs: 8_000, pongTimeoutMs: 7_000, presenceTtlMs: 20_000, pollSpacingMs: 20 },
  log: createLog({ level: 'error', destination: { write: told } }),
});

function figures() {
  const resources = process.getActiveResourcesInfo();
  const count = (/** @type {string} */ name) => resources.filter((one) => one === name).length;
  if (node === undefined) throw new Error('it has not been started');
  const { sessions, hub, deadlines, connectDeadlines, pings, interest } = node.ports;
  const { heapUsed, rss, external } = process.memoryUsage();
  return {
    heapBytes: heapUsed,
    rssBytes: rss,
    externalBytes: external,
    handles: resources.length,
    kindsOfHandles: Object.fromEntries([...new Set(resources)].sort().map((name) => [name, count(name)])),
    timers: count('Timeout'),
    sockets: count('TCPSocketWrap'),
    sessions: sessions.size,
    channels: hub.numChannels,
    subscriptions: hub.numSubscriptions,
    deadlines: deadlines.size + connectDeadlines.size,
    pinged: pings.size,
    interest: interest.size,
    errors: numErrors,
  };
}

const operations = {
  figures,
  /** After what nobody holds is gone. */
  rest() {
    for (let n = 0; n < 4; n++) globalThis.gc?.();
    return figures();
  },
  /** Writes what there is, if somebody has asked for that. */
  trace: () => writeTrace?.(`${port}-${++numTraces}`),
};

process.on('message', (/** @type {{ id: number, operation: keyof typeof operations }} */ { id, operation }) => {
  process.send?.({ id, result: operations[operation]() });
});
process.on('disconnect', () => process.exit());
process.once('SIGTERM', () => {
  // As `fanfare serve` does it.
  app.close(10_000).then(
    () => process.exit(0),
    (/** @type {unknown} */ error) => {
      console.error(error);
      process.exit(1);
    },
  );
});

await app.listen(port, { api: { insecure: true }, deflate: { minBytes: 200 } });
process.send?.({ id: 0, result: null });
