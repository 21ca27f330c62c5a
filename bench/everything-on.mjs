// @ts-check
/** What it costs to be watched: the same load on a server with nothing on, and on one with everything, in paired rounds. */

import { FULL_PLAN } from './end-to-end/scenarios.mjs';
import { Collector, Observers } from './everything-on/observers.mjs';
import { figureOf, median } from './shared/figures.mjs';
import { checkBuilt, chosen, count, parseFlags, runCommand } from './shared/flags.mjs';
import { canPin } from './shared/machine.mjs';
import { measure } from './shared/measure.mjs';

const SCENARIOS = /** @type {const} */ (['single', 'burst']);
const PARTS = /** @type {const} */ (['metrics', 'tracing', 'console']);
const MODES = /** @type {const} */ (['plain', 'observed']);
/** Most that everything may cost. */
const AIM = 1.03;

const HELP = `Usage: node bench/everything-on.mjs [options]

Server CPU for a delivery with metrics scraped every 5 s, one trace in a hundred recorded by OpenTelemetry's SDK and sent
to a collector, and the console open on the page of the channel, beside a server with nothing on. Needs a build
(npm run build); about four minutes for one scenario, in which the machine is left alone.

  --with LIST      ${PARTS.join(',')}                 (all)
  --scenario NAME  ${SCENARIOS.join(' or ')}                                (single)
  --rounds N       pairs; the median of their ratios is reported   (8)
  --duration SECS  measured time of each run                       (10)
  --profile        also save CPU profiles of both in bench/results/profiles/
  --help           this text

Exit status: 0, or 1 when the median is not below ${AIM}, or a delivery was lost, doubled or out of order.`;

/** @typedef {typeof MODES[number]} Mode */
/** @typedef {import('./end-to-end/scenarios.mjs').DeliveryScenario} DeliveryScenario */

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, {
    with: { type: 'string' },
    scenario: { type: 'string' },
    rounds: { type: 'string' },
    duration: { type: 'string' },
    profile: { type: 'boolean' },
  });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run({ with: wantedParts, scenario: wanted = 'single', rounds: givenRounds, duration, profile = false }) {
  checkBuilt();
  const rounds = count('rounds', givenRounds, 8);
  const durationMs = 1e3 * count('duration', duration, 10);
  const [name = 'single'] = chosen('scenario', wanted, SCENARIOS);
  const planned = FULL_PLAN.scenarios[name];
  if (planned?.kind !== 'delivery') return 1;
  const scenario = { ...planned, durationMs };
  const parts = chosen('with', wantedParts, PARTS);
  process.env.BENCH_WITH = parts.join(',');
  const collector = await Collector.start();
  process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = collector.url;
  /** @type {number[]} */
  const ratios = [];
  /** Of CPU in a second. @type {number[]} */
  const addedMs = [];
  try {
    for (let round = 1; round <= rounds; round++) {
      /** @type {Record<Mode, number>} */
      const cpu = { plain: Number.NaN, observed: Number.NaN };
      for (const mode of round % 2 === 0 ? MODES.toReversed() : MODES) {
        const path = new URL(`results/profiles/everything-on-${name}-${mode}-${round}.cpuprofile`, import.meta.url)
          .pathname;
        cpu[mode] = await cpuOf(mode, scenario, parts, collector, profile ? path : undefined);
      }
      const ratio = cpu.observed / cpu.plain;
      ratios.push(ratio);
      addedMs.push(((cpu.observed - cpu.plain) * scenario.subscribers * scenario.ratePerSec) / 1e3);
      console.log(
        `${name} ${round}/${rounds} · plain ${cpu.plain.toFixed(3)} µs, with ${parts.join(', ')} ${cpu.observed.toFixed(3)} µs, ratio ${ratio.toFixed(3)}`,
      );
    }
  } finally {
    collector.close();
  }
  const middle = median(ratios);
  const range = `${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)}`;
  const verdict = middle < AIM ? 'met' : 'MISSED';
  console.log(
    `\n${name}: with ${parts.join(', ')} a delivery costs ${middle.toFixed(3)} of the CPU (${range}), ${median(addedMs).toFixed(1)} ms more in a second; below ${AIM}: ${verdict}`,
  );
  return middle < AIM ? 0 : 1;
}

/**
 * @param {Mode} mode
 * @param {DeliveryScenario} scenario
 * @param {(typeof PARTS[number])[]} parts
 * @param {Collector} collector
 * @param {string | undefined} profilePath
 */
async function cpuOf(mode, scenario, parts, collector, profilePath) {
  /** @type {Observers | undefined} */
  let observers;
  const spansBefore = collector.spans;
  const { figures, faults } = await measure({
    server: `fanfare-${mode}`,
    dialect: 'fanfare',
    scenario,
    pinned: canPin(),
    profile: profilePath === undefined ? null : { kind: 'cpu', path: profilePath },
    onProgress() {},
    beside: async (port) => {
      if (mode === 'plain') return { close: async () => undefined };
      observers = await Observers.start(port, parts);
      return observers;
    },
  });
  if (faults.length > 0) throw new Error(faults.join('; '));
  if (observers !== undefined) {
    const { scrapes, polls, shown } = observers;
    const spans = collector.spans - spansBefore;
    console.log(`  ${scrapes} scrapes, ${polls} answers for the console with ${shown} publications, ${spans} spans`);
    const seen = { metrics: scrapes > 1, tracing: spans > 0, console: shown > 0 };
    for (const part of parts) if (!seen[part]) throw new Error(`${part} was not on`);
  }
  return figureOf(figures, 'cpuUsPerDelivery');
}

await runCommand({ help: HELP, read: readFlags, run });
