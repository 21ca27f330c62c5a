// @ts-check
/** What a change costs everybody: two builds of Fanfare under the same load in turn, with sockets and all. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FULL_PLAN } from './end-to-end/scenarios.mjs';
import { compare } from './shared/compare.mjs';
import { checkBuilt, chosen, count, parseFlags, runCommand, UsageError } from './shared/flags.mjs';
import { canPin } from './shared/machine.mjs';
import { ratioText } from './shared/paired-ratio.mjs';
import { startSide } from './shared/side.mjs';

const SCENARIOS = /** @type {const} */ (['single', 'burst']);
const WARM_UP_PAIRS = 10;

const HELP = `Usage: node bench/builds.mjs --before FOLDER [options]

Server CPU for a delivery with this build beside another one. Both servers live at the same time and are under load in
turn, for a second each. Needs a build (npm run build); five minutes for a scenario.

  --before FOLDER  another checkout of Fanfare, built (npm ci && npm run build)
  --scenario LIST  ${SCENARIOS.join(',')}                                (both)
  --pairs N        of slices; the more, the narrower the interval  (100)
  --slice MS       of load on one server                           (1000)
  --help           this text`;

/** @param {string[]} argv */
function readFlags(argv) {
  const text = /** @type {const} */ ({ type: 'string' });
  return parseFlags(argv, { before: text, scenario: text, pairs: text, slice: text });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run({ before, scenario: wanted, pairs: givenPairs, slice }) {
  checkBuilt();
  if (before === undefined) throw new UsageError('--before is missing');
  const bench = join(resolve(before), 'bench');
  if (!existsSync(join(bench, '../dist/index.js'))) throw new UsageError(`${before} has no build`);
  const pairs = count('pairs', givenPairs, 100);
  for (const name of chosen('scenario', wanted, SCENARIOS)) {
    const scenario = FULL_PLAN.scenarios[name];
    if (scenario?.kind !== 'delivery') continue;
    const common = { server: 'fanfare', scenario, sliceMs: count('slice', slice, 1_000), pinned: canPin() };
    const { ratio, costsUs, machine } = await compare(
      [() => startSide({ ...common, bench }), () => startSide(common)],
      { pairs, warmUp: WARM_UP_PAIRS },
    );
    const [was, is] = costsUs.map((us) => us.toFixed(3));
    console.log(`${name}: ${was} → ${is} µs for a delivery, ratio ${ratioText(ratio)}\n${machine}`);
  }
  return 0;
}

await runCommand({ help: HELP, read: readFlags, run });
