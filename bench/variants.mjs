// @ts-check
/** What it costs that the subscribers of one channel differ: six combinations of codec, delta, deflate and filter beside one. */
import { LOADS } from './bytes/loads.mjs';
import { measure } from './bytes/measure.mjs';
import { optionsText } from './bytes/rows.mjs';
import { median } from './shared/figures.mjs';
import { checkBuilt, chosen, count, parseFlags, runCommand } from './shared/flags.mjs';
import { canPin } from './shared/machine.mjs';

/** @typedef {import('./bytes/rows.mjs').Option} Option */

/** Most that six may cost for a delivery, beside one. */
const AIM = 1.3;
const SERVER_CORE = 0;
/** What the subscribers take: the official SDK, many times in one process. */
const RATE_PER_SEC = 15;

/** @type {Option[][]} */
const SIX = [
  [],
  ['delta'],
  ['deflate', 'filter'],
  ['protobuf'],
  ['protobuf', 'delta', 'deflate'],
  ['protobuf', 'filter'],
];
const KINDS = /** @type {const} */ (['one', 'six']);
/** @type {Readonly<Record<typeof KINDS[number], Option[][]>>} */
const MODES = { one: [[]], six: SIX };

const HELP = `Usage: node bench/variants.mjs [options]

Server CPU for each delivery in one channel whose subscribers use six combinations (${SIX.map(optionsText).join('; ')}),
beside the same server and load whose subscribers all use JSON as it is. Both run in turn in each round; every message is
checked. Needs a build (npm run build); half a minute a round, in which the machine is left alone.

  --load NAME      ${Object.keys(LOADS).join(', ')}              (scores)
  --subscribers N                                  (1000)
  --publications N in each run                     (100)
  --rounds N       the median of the ratios is reported (5)
  --help           this text

Exit status: 0, or 1 when the median is above ${AIM}, or a publication was lost, doubled or not what was published.`;

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, {
    load: { type: 'string' },
    subscribers: { type: 'string' },
    publications: { type: 'string' },
    rounds: { type: 'string' },
  });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run(flags) {
  checkBuilt();
  const [load = 'scores'] = chosen('load', flags.load ?? 'scores', Object.keys(LOADS));
  const publications = count('publications', flags.publications, 100);
  const size = { subscribers: count('subscribers', flags.subscribers, 1_000), publications, warmUp: 20 };
  const rounds = count('rounds', flags.rounds, 5);
  /** @type {Option[]} */
  const options = [...new Set(SIX.flat())].filter((option) => option !== 'protobuf');
  /** @type {number[]} */
  const ratios = [];
  for (let round = 1; round <= rounds; round++) {
    const costs = { one: Number.NaN, six: Number.NaN };
    for (const mode of round % 2 === 0 ? KINDS.toReversed() : KINDS) {
      const of = { .../** @type {import('./bytes/loads.mjs').Load} */ (LOADS[load]), ratePerSec: RATE_PER_SEC };
      const row = { server: /** @type {const} */ ('fanfare'), options };
      const outcome = await measure(row, of, size, canPin() ? SERVER_CORE : null, MODES[mode]);
      if (typeof outcome === 'string') throw new Error(outcome);
      costs[mode] = outcome.cpuUsPerDelivery;
    }
    const ratio = costs.six / costs.one;
    ratios.push(ratio);
    console.log(
      `${round}/${rounds} · one ${costs.one.toFixed(2)} µs, six ${costs.six.toFixed(2)} µs a delivery, ratio ${ratio.toFixed(3)}`,
    );
  }
  const middle = median(ratios);
  const range = `${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)}`;
  const verdict = middle <= AIM ? 'met' : 'MISSED';
  console.log(
    `\n${load}, ${size.subscribers} subscribers: six combinations cost ${middle.toFixed(3)} of what one costs (${range}); at most ${AIM}: ${verdict}`,
  );
  return middle <= AIM ? 0 : 1;
}

await runCommand({ help: HELP, read: readFlags, run });
