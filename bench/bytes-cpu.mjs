// @ts-check
/** What each way to send less costs the server for a delivery, beside plain JSON, under the same load in turn. */
import { LOADS } from './bytes/loads.mjs';
import { optionsText } from './bytes/rows.mjs';
import { startSide } from './bytes/side.mjs';
import { compare } from './shared/compare.mjs';
import { checkBuilt, chosen, count, parseFlags, runCommand } from './shared/flags.mjs';
import { canPin } from './shared/machine.mjs';
import { ratioText, verdictOf } from './shared/paired-ratio.mjs';

/** @typedef {import('./bytes/rows.mjs').Option} Option */

/** By their names on the command line. @type {Readonly<Record<string, Option[]>>} */
const WAYS = {
  compaction: ['compaction'],
  delta: ['delta'],
  'delta+compaction': ['delta', 'compaction'],
  deflate: ['deflate'],
  'dictionary+delta+compaction': ['dictionary', 'delta', 'compaction'],
  protobuf: ['protobuf'],
  'protobuf+delta': ['protobuf', 'delta'],
  'protobuf+delta+deflate': ['protobuf', 'delta', 'deflate'],
};
/** Most CPU for a delivery beside plain JSON: of protobuf alone, and of whatever needs at most so many of its bytes. */
const PROTOBUF_AIM = 0.9;
const SMALL_AIM = { load: 'scores', bytes: 0.12, cpu: 1.2 };
const WARM_UP_PAIRS = 5;

const HELP = `Usage: node bench/bytes-cpu.mjs [options]

Server CPU for a delivery with each way to send less, beside plain JSON. For each of them two servers live at the same
time and are under load in turn, for a second each; what subscribers get is checked. Needs a build (npm run build); two
and a half minutes for each.

  --with LIST      ${Object.keys(WAYS).join(',')} (all)
  --load NAME      ${Object.keys(LOADS).join(', ')}              (scores)
  --subscribers N                                  (1000)
  --rate N         publications a second           (50)
  --pairs N        of slices; the more, the narrower the interval (50)
  --slice MS       of load on one server           (1000)
  --help           this text

Exit status: 0, or 1 when a publication was lost, doubled or not what was published.`;

/** @param {string[]} argv */
function readFlags(argv) {
  const text = /** @type {const} */ ({ type: 'string' });
  return parseFlags(argv, { with: text, load: text, subscribers: text, rate: text, pairs: text, slice: text });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run(flags) {
  checkBuilt();
  const [load = 'scores'] = chosen('load', flags.load ?? 'scores', Object.keys(LOADS));
  const pairs = count('pairs', flags.pairs, 50);
  const plan = {
    load,
    subscribers: count('subscribers', flags.subscribers, 1_000),
    ratePerSec: count('rate', flags.rate, 50),
    sliceMs: count('slice', flags.slice, 1_000),
    pinned: canPin(),
  };
  for (const name of chosen('with', flags.with, Object.keys(WAYS))) {
    const options = WAYS[name] ?? [];
    const { sides, ratio, costsUs, machine } = await compare(
      [() => startSide([], [[]], plan), () => startSide(options, [options], plan)],
      { pairs, warmUp: WARM_UP_PAIRS },
    );
    const [json = Number.NaN, other = Number.NaN] = sides.map((side) => side.bytesPerDelivery());
    const [jsonUs, otherUs] = costsUs.map((us) => us.toFixed(2));
    console.log(
      `${load}, ${optionsText(options)}: ${((100 * other) / json).toFixed(0)} % of ${json.toFixed(0)} bytes; ${jsonUs} → ${otherUs} µs for a delivery, ${ratioText(ratio)}${aimOf(options, load, other / json, ratio)}\n  ${machine}`,
    );
  }
  return 0;
}

/**
 * @param {Option[]} options
 * @param {string} load
 * @param {number} bytes
 * @param {import('./shared/paired-ratio.mjs').PairedRatio} ratio
 */
function aimOf(options, load, bytes, ratio) {
  if (optionsText(options) === 'Protobuf') return `; at most ${PROTOBUF_AIM}: ${verdictOf(ratio, PROTOBUF_AIM)}`;
  const isSmall = load === SMALL_AIM.load && bytes <= SMALL_AIM.bytes;
  return isSmall ? `; at most ${SMALL_AIM.cpu}: ${verdictOf(ratio, SMALL_AIM.cpu)}` : '';
}

await runCommand({ help: HELP, read: readFlags, run });
