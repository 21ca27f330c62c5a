// @ts-check
/** What it costs that the subscribers of one channel differ: six combinations of codec, delta, deflate and filter beside one. */
import { LOADS } from './bytes/loads.mjs';
import { optionsText } from './bytes/rows.mjs';
import { startSide } from './bytes/side.mjs';
import { compare } from './shared/compare.mjs';
import { checkBuilt, chosen, count, parseFlags, runCommand } from './shared/flags.mjs';
import { canPin } from './shared/machine.mjs';
import { ratioText, verdictOf } from './shared/paired-ratio.mjs';

/** @typedef {import('./bytes/rows.mjs').Option} Option */

/** Most that six may cost for a delivery, beside one. */
const AIM = 1.3;
const WARM_UP_PAIRS = 5;

/** @type {Option[][]} */
const SIX = [
  [],
  ['delta'],
  ['deflate', 'filter'],
  ['protobuf'],
  ['protobuf', 'delta', 'deflate'],
  ['protobuf', 'filter'],
];

const HELP = `Usage: node bench/variants.mjs [options]

Server CPU for each delivery in one channel whose subscribers use six combinations (${SIX.map(optionsText).join('; ')}),
beside the same server and load whose subscribers all use JSON as it is. Both servers live at the same time and are under
load in turn, for a second each; what subscribers get is checked. Needs a build (npm run build); four minutes.

  --load NAME      ${Object.keys(LOADS).join(', ')}              (scores)
  --subscribers N                                  (996)
  --rate N         publications a second           (50)
  --pairs N        of slices; the more, the narrower the interval (60)
  --slice MS       of load on one server           (1000)
  --help           this text

Exit status: 0, or 1 when the ratio is above ${AIM}, or a publication was lost, doubled or not what was published.`;

/** @param {string[]} argv */
function readFlags(argv) {
  const text = /** @type {const} */ ({ type: 'string' });
  return parseFlags(argv, { load: text, subscribers: text, rate: text, pairs: text, slice: text });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run(flags) {
  checkBuilt();
  const [load = 'scores'] = chosen('load', flags.load ?? 'scores', Object.keys(LOADS));
  const pairs = count('pairs', flags.pairs, 60);
  const plan = {
    load,
    subscribers: count('subscribers', flags.subscribers, 996, SIX.length),
    ratePerSec: count('rate', flags.rate, 50),
    sliceMs: count('slice', flags.slice, 1_000),
    pinned: canPin(),
  };
  /** @type {Option[]} */
  const options = [...new Set(SIX.flat())].filter((option) => option !== 'protobuf');
  const { ratio, costsUs, machine } = await compare(
    [() => startSide(options, [[]], plan), () => startSide(options, SIX, plan)],
    { pairs, warmUp: WARM_UP_PAIRS },
  );
  const [one, six] = costsUs.map((us) => us.toFixed(2));
  console.log(
    `${load}, ${plan.subscribers} subscribers: one ${one} µs, six ${six} µs for a delivery; six combinations cost ${ratioText(ratio)} of what one costs; at most ${AIM}: ${verdictOf(ratio, AIM)}\n${machine}`,
  );
  return ratio.ratio <= AIM ? 0 : 1;
}

await runCommand({ help: HELP, read: readFlags, run });
