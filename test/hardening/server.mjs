/** The server under attack: a real Fanfare node in a process of its own, driven and observed over the IPC channel. */

import { RefusalLog } from '../../.cache/modules/engine/log/refusal-log.js';
import { Node } from '../../.cache/modules/engine/node.js';
import { channel, fanfare, jwt, memory } from '../../.cache/modules/index.js';
import { createLog } from '../../.cache/modules/observe/log.js';

const config = JSON.parse(process.argv[2] ?? '{}');

const sampleIntervalMs = 5;
const controlIntervalMs = 20;
const maxLogLines = 20_000;

/** Filled by the server's own logger, at the finest level. */
let logLines = [];
const brokerCalls = { subscribe: 0, unsubscribe: 0, publish: 0, presence: 0 };

/** The engine's parts are private to the app; the fixture looks over the shoulder of the node when it starts. */
let node;
const start = Node.prototype.start;
Node.prototype.start = function startObserved() {
  node = this;
  return start.call(this);
};

/** Lines about refusals have budgets by the minute. Each observation begins with full ones, as if the minute were over. */
let observation = 0;
const { tell } = RefusalLog.prototype;
RefusalLog.prototype.tell = function tellObserved(line, ...rest) {
  return tell.call(this, { ...line, key: `${observation} ${line.key ?? line.check}` }, ...rest);
};

/** Counts what reaches the broker. */
function countedMemory(ports) {
  const broker = memory()(ports);
  for (const method of ['subscribe', 'unsubscribe', 'publish']) {
    const original = broker[method].bind(broker);
    broker[method] = (...args) => {
      brokerCalls[method]++;
      return original(...args);
    };
  }
  const add = broker.presence.add.bind(broker.presence);
  broker.presence.add = (...args) => {
    brokerCalls.presence++;
    return add(...args);
  };
  return broker;
}

/** Tells clients what the server believes about their address, and knows them by a cookie. */
function byCookie({ headers, remoteAddress }) {
  const user = /(?:^|; )user=(\w+)/.exec(headers.get('cookie') ?? '')?.[1] ?? null;
  return { user, data: { remoteAddress } };
}

const all = { subscribe: 'anyone', publish: 'anyone' };
const app = fanfare({
  auth: config.auth === 'cookie' ? byCookie : jwt({ secret: config.secret, ...config.jwt }),
  ...(config.auth !== 'cookie' && { anonymous: true }),
  channels: {
    control: channel({ subscribe: 'anyone', history: { size: 100 } }),
    'open:{name*}': channel({ ...all, history: { size: 5_000, read: 'anyone' }, presence: 'anyone' }),
    'plain:{name*}': channel(all),
    'closed:{name}': channel({}),
    'token:{name}': channel({ subscribe: 'token', history: { size: 10 } }),
    '(a+)+$:{name}': channel(all),
    '{single}': channel(all),
  },
  broker: countedMemory,
  ...(config.origins && { origins: config.origins }),
  ...(config.trustProxies && { trustProxies: config.trustProxies }),
  limits: { brokerLingerMs: 100, ...config.limits },
  log: createLog({
    level: 'debug',
    destination: { write: (line) => void (logLines.length < maxLogLines && logLines.push(line)) },
  }),
});

/** How late the loop was at most, of its own doing, and how large the process grew. */
const worst = { lagMs: 0, wallLagMs: 0, rssBytes: 0 };
let lastWallMs = performance.now();
let lastCpu = process.cpuUsage();
setInterval(() => {
  const wallMs = performance.now();
  const cpu = process.cpuUsage(lastCpu);
  const lateMs = wallMs - lastWallMs - sampleIntervalMs;
  // On a busy machine the process is late without having run. What counts is the time in which it did run.
  const busyMs = (cpu.user + cpu.system) / 1_000;
  worst.wallLagMs = Math.max(worst.wallLagMs, lateMs);
  worst.lagMs = Math.max(worst.lagMs, Math.min(lateMs, busyMs));
  worst.rssBytes = Math.max(worst.rssBytes, process.memoryUsage.rss());
  lastWallMs = wallMs;
  lastCpu = process.cpuUsage();
}, sampleIntervalMs);

function held() {
  const resources = { Timeout: 0, TCPSocketWrap: 0 };
  for (const name of process.getActiveResourcesInfo()) if (name in resources) resources[name]++;
  const { sessions, hub, deadlines, connectDeadlines, pings, interest } = node.ports;
  return {
    timers: resources.Timeout,
    sockets: resources.TCPSocketWrap,
    sessions: sessions.size,
    clients: sessions.numClients,
    channels: hub.numChannels,
    subscriptions: hub.numSubscriptions,
    deadlines: deadlines.size + connectDeadlines.size,
    pinged: pings.size,
    interest: interest.size,
  };
}

let control;
let published = 0;

const operations = {
  /** Begins an observation: what is held now, with nothing recorded yet. */
  async begin() {
    clearInterval(control);
    const before = held();
    globalThis.gc();
    logLines = [];
    observation++;
    Object.assign(worst, { lagMs: 0, wallLagMs: 0, rssBytes: 0 });
    lastWallMs = performance.now();
    lastCpu = process.cpuUsage();
    control = setInterval(() => app.publish('control', ++published), controlIntervalMs);
    return { held: before, rssBytes: process.memoryUsage.rss(), published };
  },
  /** Ends it; at least `atLeast` control publications have been made by then. */
  async end({ since, atLeast }) {
    clearInterval(control);
    while (published < since + atLeast) await app.publish('control', ++published);
    return { published, worst: { ...worst }, logLines };
  },
  async held() {
    return held();
  },
  async memory() {
    globalThis.gc();
    return process.memoryUsage.rss();
  },
  async brokerCalls() {
    return { ...brokerCalls };
  },
  /** Publishes so many small messages: numbers, from 1 or another one. */
  async publish({ channel: name, count, from = 1 }) {
    for (let n = from; n < from + count; n++) await app.publish(name, n);
  },
  /** Members without connections, as other nodes of a cluster would have them. */
  async addMembers({ channel: name, count }) {
    for (let n = 0; n < count; n++)
      await node.ports.broker.presence.add(name, { user: `user-${n}`, client: `client-${n}` }, 600_000);
  },
};

process.on('message', ({ id, operation, args }) => {
  operations[operation](args).then(
    (result) => process.send({ id, result }),
    (error) => process.send({ id, error: String(error?.stack ?? error) }),
  );
});
process.on('disconnect', () => process.exit());

const { port } = await app.listen(0, {
  ...(config.api && { api: { keys: config.api } }),
  ...(config.deflate && { deflate: config.deflate }),
});
process.send({ id: 0, result: { port } });
