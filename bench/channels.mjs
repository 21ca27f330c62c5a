// @ts-check
/** A million channels with a history in one process: what each takes, and how long the event loop stands still meanwhile. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { channel, fanfare, memory } from 'fanfare';
import { measureMemory } from './servers/host.mjs';
import { checkBuilt, count, parseFlags, runCommand } from './shared/flags.mjs';
import { watchTurns } from './shared/turns.mjs';

const HELP = `Usage: node --expose-gc bench/channels.mjs [options]

Publishes once to each of many channels with a history in the memory broker, and watches the event loop while the
broker looks for what has expired: first nothing, then all of it. Needs a build (npm run build); two minutes.

  --channels N  (1,000,000)
  --seconds N   how long the loop is watched; sweeps come every ten  (25)
  --help        this text`;

const PER_TURN = 100;
/** Of the timer by which the loop is watched. */
const RESOLUTION_MS = 1;

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, { channels: { type: 'string' }, seconds: { type: 'string' } });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run(flags) {
  checkBuilt();
  const channels = count('channels', flags.channels, 1_000_000);
  const seconds = count('seconds', flags.seconds, 25);
  const before = await measureMemory();
  const lasting = await fill(channels, 3_600);
  const after = await measureMemory();
  const each = (/** @type {'rss' | 'heapUsed'} */ what) => Math.round((after[what] - before[what]) / channels);
  console.log(
    `${channels.toLocaleString('en')} channels: ${lasting.publishedUs.toFixed(1)} µs to publish to each, ${each('rss')} bytes of resident memory each (heap: ${each('heapUsed')})`,
  );
  await watch(seconds, 'nothing expires');
  await lasting.close();
  const expiring = await fill(channels, 1);
  await watch(seconds, 'all of it expires');
  const { streams } = expiring.holdings();
  await expiring.close();
  if (streams === 0) return 0;
  console.log(`${streams} channels are left: more seconds are needed`);
  return 1;
}

/**
 * @param {number} channels
 * @param {number} ttlSeconds of what is kept
 */
async function fill(channels, ttlSeconds) {
  /** @type {import('fanfare').Broker | undefined} */
  let broker;
  const app = fanfare({
    channels: { 'c:{n}': channel({ history: { size: 10, ttl: `${ttlSeconds}s` } }) },
    broker: (ports) => {
      broker = memory({ streamIdleMs: ttlSeconds * 1e3 })(ports);
      return broker;
    },
  });
  await app.listen(0);
  const startedMs = performance.now();
  for (let n = 0; n < channels; n += PER_TURN) {
    await Promise.all(
      Array.from({ length: Math.min(PER_TURN, channels - n) }, (_, i) => app.publish(`c:${n + i}`, { n })),
    );
    await nextTurn();
  }
  const publishedUs = ((performance.now() - startedMs) * 1e3) / channels;
  return { publishedUs, close: () => app.close(0), holdings: () => broker?.holdings ?? { streams: Number.NaN } };
}

/**
 * @param {number} seconds
 * @param {string} what happens
 */
async function watch(seconds, what) {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const endTurns = watchTurns();
  await delay(seconds * 1e3);
  const { all, withoutGc } = endTurns();
  loop.disable();
  const ms = (/** @type {number} */ ns) => (ns / 1e6 - RESOLUTION_MS).toFixed(1);
  console.log(
    `${what}, in ${seconds} s: longest stop of the event loop ${ms(loop.max)} ms, 99.9 % within ${ms(loop.percentile(99.9))} ms; by CPU the longest turn ${all.max.toFixed(1)} ms, ${withoutGc.max.toFixed(1)} without garbage collection; all of them ${(all.sum / 10 / seconds).toFixed(1)} % of a core`,
  );
}

await runCommand({ help: HELP, read: readFlags, run });
