// @ts-check
/** The server with the maps, in a process of its own: it fills them, and tells what they take and how late its loop is. */
import { createServer } from 'node:http';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { channel, fanfare } from 'fanfare';
import { measureMemory } from '../servers/host.mjs';
import { listenOnLoopback } from '../servers/loopback.mjs';
import { answerRequests } from '../shared/ipc.mjs';
import { watchTurns } from '../shared/turns.mjs';

const SETS_PER_TURN = 200;
/** Of the timer by which the loop is watched. */
const RESOLUTION_MS = 1;

const rule = { subscribe: /** @type {const} */ ('anyone'), map: { size: 1_000_000 } };
const app = fanfare({
  anonymous: true,
  // All clients are one process, which may be late with its pongs.
  limits: { pingIntervalMs: 59_000, pongTimeoutMs: 58_000 },
  channels: { 'map:{name}': channel(rule) },
});
const http = createServer();
app.attach(http);

const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
/** @type {{ cpu: NodeJS.CpuUsage, atMs: number, utilization: import('node:perf_hooks').EventLoopUtilization }} */
let began = { cpu: process.cpuUsage(), atMs: 0, utilization: performance.eventLoopUtilization() };

/** @type {ReturnType<typeof watchTurns> | undefined} */
let endTurns;

/** @typedef {{ name: string, keys: number, bytes: number, ttl: boolean }} Filling `bytes`: of each key with its value */

answerRequests({
  start: () => listenOnLoopback(http),
  memory: measureMemory,

  /** Resolves with the bytes of all keys and values. */
  async fill(/** @type {Filling} */ { name, keys, bytes, ttl }) {
    const map = app.map(`map:${name}`);
    let all = 0;
    for (let n = 0; n < keys; n += SETS_PER_TURN) {
      const sets = [];
      for (let i = n; i < Math.min(keys, n + SETS_PER_TURN); i++) {
        const { key, value } = entryOf(i, bytes);
        all += key.length + JSON.stringify(value).length;
        sets.push(map.set(key, value, ttl ? { ttl: '1h' } : {}));
      }
      await Promise.all(sets);
      await nextTurn();
    }
    return all;
  },

  watch(/** @type {{ turns: boolean }} */ { turns }) {
    endTurns = turns ? watchTurns() : undefined;
    began = { cpu: process.cpuUsage(), atMs: performance.now(), utilization: performance.eventLoopUtilization() };
    loop.reset();
    loop.enable();
  },

  watched() {
    loop.disable();
    const turnCpuMs = endTurns?.().all;
    const { user, system } = process.cpuUsage(began.cpu);
    const ms = (/** @type {number} */ ns) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
    return {
      seconds: (performance.now() - began.atMs) / 1e3,
      cpuSec: (user + system) / 1e6,
      turnCpuMs,
      busy: performance.eventLoopUtilization(began.utilization).utilization,
      lagMs: {
        p50: ms(loop.percentile(50)),
        p99: ms(loop.percentile(99)),
        p999: ms(loop.percentile(99.9)),
        max: ms(loop.max),
      },
    };
  },
});

/**
 * @param {number} n
 * @param {number} bytes of the key, and of the value's JSON
 */
function entryOf(n, bytes) {
  const key = `k${String(n).padStart(6, '0')}`;
  // A number, quotes around the rest.
  return bytes - key.length < 3 ? { key, value: 1 } : { key, value: 'x'.repeat(bytes - key.length - 2) };
}
