// @ts-check
/** The arena under load: how long from a key that somebody presses until another player sees what it does. */
import { checkBuilt, count, parseFlags, runCommand, UsageError } from './shared/flags.mjs';
import { Child } from './shared/ipc.mjs';
import { canPin, descriptorShortage } from './shared/machine.mjs';

const HELP = `Usage: node bench/arena.mjs [options]

Rooms of ten players who press keys 20 times a second, over the example's own server. Needs a build (npm run build).

  --rooms N        (200)
  --seconds N      measured, after two that are not        (20, at most 60)
  --cap N          of the time from a key to another's screen, ms: fail above it at p50, and above twice that at p99
                   (100, which is two ticks, and 200)
  --check          fail only if something is lost: on a busy machine times say little
  --help           this text

Exit status: 0, or 1 when a connection ended, more than one tick in a thousand did not come, inputs were not seen, or a time
is above the cap.`;

const BOTS_OF_ROOM = 10;
const TICK_MS = 50;
/** Others are shown half a tick in the past, and a few milliseconds: examples/arena/page/playback.ts. */
const SHOWN_AFTER_MS = TICK_MS / 2 + 6;
const WARM_UP_SEC = 2;

/**
 * @typedef {object} Measured
 * @property {number} elapsedMs
 * @property {number} inputs
 * @property {number} seen
 * @property {number} ticks
 * @property {number} lost ticks that a bot did not get
 * @property {number} ended connections that were ended
 * @property {number} p50
 * @property {number} p90
 * @property {number} p99
 * @property {number} max
 * @property {number} lateMs the latest turn of the bots
 * @property {number} cpuShare of a core, by the bots
 */

await runCommand({
  help: HELP,
  read: (argv) =>
    parseFlags(argv, {
      rooms: { type: 'string' },
      seconds: { type: 'string' },
      cap: { type: 'string' },
      check: { type: 'boolean' },
    }),
  async run(flags) {
    checkBuilt();
    const rooms = count('rooms', flags.rooms, 200);
    const seconds = Math.min(60, count('seconds', flags.seconds, 20));
    const cap = count('cap', flags.cap, 2 * TICK_MS);
    const bots = rooms * BOTS_OF_ROOM;
    const shortage = descriptorShortage(bots);
    if (shortage) throw new UsageError(shortage);
    const script = (/** @type {string} */ name) => new URL(`arena/${name}.mjs`, import.meta.url).pathname;
    const [serverCore, clientCore] = canPin() ? [0, 1] : [null, null];
    const server = new Child({ name: 'arena', script: script('server'), core: serverCore });
    const clients = new Child({ name: 'bots', script: script('bots'), core: clientCore });
    try {
      const port = Number(await server.request('start'));
      const joined = /** @type {{ rooms: number }} */ (await clients.request('join', { port, count: bots }));
      console.log(
        `Node ${process.version}: ${bots} players in ${joined.rooms} rooms, 20 inputs and 20 ticks a second each`,
      );
      await clients.request('measure', { seconds: WARM_UP_SEC });
      const cpuBefore = Number(await server.request('cpu'));
      const measured = /** @type {Measured} */ (await clients.request('measure', { seconds }));
      const cpuShare = (Number(await server.request('cpu')) - cpuBefore) / 1_000 / measured.elapsedMs;
      await clients.request('stop');
      return report(measured, { cpuShare, bots, cap, checkOnly: flags.check === true });
    } finally {
      await Promise.all([server.close(), clients.close()]);
    }
  },
});

/**
 * @param {Measured} measured
 * @param {{ cpuShare: number, bots: number, cap: number, checkOnly: boolean }} about
 */
function report({ elapsedMs, inputs, seen, ticks, lost, ended, p50, p90, p99, max, lateMs, cpuShare: ofBots }, about) {
  const { cpuShare, bots, cap, checkOnly } = about;
  const perSec = (/** @type {number} */ value) => Math.round((1_000 * value) / elapsedMs);
  const ms = (/** @type {number} */ value) => `${value.toFixed(0)} ms`;
  const shown = (/** @type {number} */ value) => ms(value + SHOWN_AFTER_MS);
  const due = (bots * elapsedMs) / TICK_MS;
  console.log(
    `  ${perSec(inputs)} inputs/s, ${perSec(ticks)} ticks/s delivered, ${lost} lost, ${ended} connections ended`,
  );
  console.log(
    `  from a key to the tick with it, at another player: p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, max ${ms(max)}`,
  );
  console.log(`  … to the screen: p50 ${shown(p50)}, p99 ${shown(p99)}; aims ${cap} and ${2 * cap} ms`);
  console.log(
    `  CPU of the server ${(100 * cpuShare).toFixed(0)} % of a core, of the bots ${(100 * ofBots).toFixed(0)} %`,
  );
  if (ofBots > 0.9 || lateMs > TICK_MS) {
    console.log(`  the bots were late by up to ${ms(lateMs)}: part of these times is theirs`);
  }
  const isWhole = ended === 0 && lost <= ticks / 1_000 && ticks > 0.9 * due && seen > 0.9 * inputs;
  if (!isWhole) console.log(`  NOT whole: ${seen} of ${inputs} inputs seen, ${ticks} of ${Math.round(due)} ticks`);
  const isFast = p50 + SHOWN_AFTER_MS < cap && p99 + SHOWN_AFTER_MS < 2 * cap;
  if (!isFast) console.log('  MISSED the aims');
  return isWhole && (isFast || checkOnly) ? 0 : 1;
}
