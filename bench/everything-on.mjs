// @ts-check
/** What it costs to be watched: a server with everything on beside one with nothing on, under the same load in turn. */

import { FULL_PLAN } from './end-to-end/scenarios.mjs';
import { Collector, Observers } from './everything-on/observers.mjs';
import { checkBuilt, chosen, count, parseFlags, runCommand } from './shared/flags.mjs';
import { measureInTurn, ratiosOf } from './shared/in-turn.mjs';
import { canPin, watchOthers } from './shared/machine.mjs';
import { CORES } from './shared/measure.mjs';
import { middleMean, pairedRatio, ratioText, verdictOf } from './shared/paired-ratio.mjs';
import { startSide } from './shared/side.mjs';

const SCENARIOS = /** @type {const} */ (['single', 'burst']);
const PARTS = /** @type {const} */ (['metrics', 'tracing', 'console']);
/** Most that everything may cost. */
const AIM = 1.03;
/** The default of OpenTelemetry's SDK. */
const EXPORT_MS = 5_000;
/** What has run for some seconds is compiled. */
const WARM_UP_PAIRS = 5;
const SHOWN_EVERY = 10;

const HELP = `Usage: node bench/everything-on.mjs [options]

Server CPU for a delivery with metrics scraped every 5 s, one trace in a hundred recorded by OpenTelemetry's SDK and sent
to a collector, and the console open on the page of the channel, beside a server with nothing on. A load balancer checks
the health of both each second. Both live at the same time and are under load in turn, for a second each. Needs a build
(npm run build); about five minutes.

  --with LIST      ${PARTS.join(',')}                 (all)
  --scenario NAME  ${SCENARIOS.join(' or ')}                                (single)
  --pairs N        of slices; the more, the narrower the interval  (100)
  --slice MS       of load on one server                           (1000)
  --unprobed       without the load balancer
  --profile        also save CPU profiles of both in bench/results/profiles/
  --help           this text

Exit status: 0, or 1 when the ratio is above ${AIM}, or a delivery was lost, doubled or out of order.`;

/** @param {string[]} argv */
function readFlags(argv) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  return parseFlags(argv, { with: text, scenario: text, pairs: text, slice: text, unprobed: flag, profile: flag });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run({
  with: wantedParts,
  scenario: wanted = 'single',
  pairs: givenPairs,
  slice,
  unprobed,
  profile = false,
}) {
  checkBuilt();
  const pairs = count('pairs', givenPairs, 100);
  const sliceMs = count('slice', slice, 1_000);
  const [name = 'single'] = chosen('scenario', wanted, SCENARIOS);
  const scenario = FULL_PLAN.scenarios[name];
  if (scenario?.kind !== 'delivery') return 1;
  const parts = chosen('with', wantedParts, PARTS);
  const collector = await Collector.start();
  Object.assign(process.env, {
    BENCH_WITH: parts.join(','),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: `${EXPORT_MS}`,
  });
  /** @type {(() => unknown)[]} */
  const closers = [() => collector.close()];
  try {
    const plain = await startSide({ server: 'fanfare-plain', scenario, sliceMs, pinned: canPin() });
    closers.push(plain.close);
    const observed = await startSide({ server: 'fanfare-observed', scenario, sliceMs, pinned: canPin() });
    closers.push(observed.close);
    const probes = unprobed ? [] : ['probes'];
    const balancer = await Observers.start(plain.port, probes);
    const observers = await Observers.start(observed.port, [...probes, ...parts]);
    const others = watchOthers(CORES, [...plain.pids, ...observed.pids]);
    const hosts = [plain.host, observed.host];
    const sides = /** @type {const} */ ([watchedBy(balancer, plain, sliceMs), watchedBy(observers, observed, sliceMs)]);
    const costs = await measureInTurn(sides, {
      pairs,
      warmUp: WARM_UP_PAIRS,
      onWarm: () => (profile ? Promise.all(hosts.map((host) => host.request('profile', { kind: 'cpu' }))) : undefined),
      onPair(cost, pair) {
        if (pair % SHOWN_EVERY !== 0) return;
        console.log(
          `${pair}/${pairs} · plain ${cost[0].toFixed(3)} µs, with ${parts.join(', ')} ${cost[1].toFixed(3)}`,
        );
      },
    });
    const machine = others();
    if (profile) {
      for (const [n, host] of hosts.entries()) {
        const file = `results/profiles/everything-on-${name}-${['plain', 'observed'][n]}.cpuprofile`;
        await host.request('endProfile', { path: new URL(file, import.meta.url).pathname });
      }
    }
    checkSeen(parts, observers, collector);
    const ratio = pairedRatio(ratiosOf(costs));
    const perSec = scenario.subscribers * scenario.ratePerSec;
    const addedMs = (middleMean(costs.map(([plainUs, observedUs]) => observedUs - plainUs)) * perSec) / 1e3;
    console.log(
      `\n${name}: with ${parts.join(', ')} a delivery costs ${ratioText(ratio)} of the CPU, ${addedMs.toFixed(1)} ms more in a second under load; at most ${AIM}: ${verdictOf(ratio, AIM)}\n${machine}`,
    );
    return ratio.ratio <= AIM ? 0 : 1;
  } finally {
    await Promise.all(closers.map((close) => close()));
  }
}

/**
 * @param {Observers} observers
 * @param {import('./shared/side.mjs').RunningSide} side
 * @param {number} sliceMs
 */
function watchedBy(observers, side, sliceMs) {
  return { ...side, load: async () => (await Promise.all([side.load(), observers.during(sliceMs)]))[0] };
}

/**
 * @param {(typeof PARTS[number])[]} parts
 * @param {Observers} observers
 * @param {Collector} collector
 */
function checkSeen(parts, { scrapes, polls, shown }, { spans }) {
  console.log(`${scrapes} scrapes, ${polls} answers for the console with ${shown} publications, ${spans} spans`);
  const seen = { metrics: scrapes > 0, tracing: spans > 0, console: shown > 0 };
  for (const part of parts) if (!seen[part]) throw new Error(`${part} was not on`);
}

await runCommand({ help: HELP, read: readFlags, run });
