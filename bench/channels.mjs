// @ts-check
/** A million channels with a history in one process: what each takes, and how long the event loop stands still meanwhile. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { channel, fanfare } from 'fanfare';
import { measureMemory } from './servers/host.mjs';
import { checkBuilt, count, parseFlags, runCommand } from './shared/flags.mjs';

const HELP = `Usage: node --expose-gc bench/channels.mjs [options]

Publishes once to each of many channels with a history in the memory broker, and watches the event loop while the
broker looks for what has expired. Needs a build (npm run build).

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
  const app = fanfare({ channels: { 'c:{n}': channel({ history: { size: 10, ttl: '1h' } }) } });
  await app.listen(0);
  const before = await measureMemory();
  const startedMs = performance.now();
  for (let n = 0; n < channels; n += PER_TURN) {
    await Promise.all(
      Array.from({ length: Math.min(PER_TURN, channels - n) }, (_, i) => app.publish(`c:${n + i}`, { n })),
    );
    await nextTurn();
  }
  const publishedUs = ((performance.now() - startedMs) * 1e3) / channels;
  const after = await measureMemory();
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const cpu = process.cpuUsage();
  await delay(seconds * 1e3);
  const { user, system } = process.cpuUsage(cpu);
  loop.disable();
  const each = (/** @type {'rss' | 'heapUsed'} */ what) => Math.round((after[what] - before[what]) / channels);
  console.log(
    `${channels.toLocaleString('en')} channels: ${publishedUs.toFixed(1)} µs to publish to each, ${each('rss')} bytes of resident memory each (heap: ${each('heapUsed')})`,
  );
  console.log(
    `in ${seconds} s of sweeps: longest stop of the event loop ${(loop.max / 1e6 - RESOLUTION_MS).toFixed(1)} ms, 99.9 % within ${(loop.percentile(99.9) / 1e6 - RESOLUTION_MS).toFixed(1)} ms, ${((user + system) / 1e4 / seconds).toFixed(1)} % of a core`,
  );
  await app.close(0);
  return 0;
}

await runCommand({ help: HELP, read: readFlags, run });
