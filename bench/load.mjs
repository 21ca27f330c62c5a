// @ts-check
/** `fanfare load` beside the bench's own client: the same scenario with both, in turns, and the ratios of their figures. */
import { FULL_PLAN } from './end-to-end/scenarios.mjs';
import { runLoad } from './load/command.mjs';
import { agreementOf, agreementTable, fromBench, fromLoad, oneLine } from './load/figures.mjs';
import { checkBuilt, chosen, count, parseFlags, runCommand } from './shared/flags.mjs';
import { canPin } from './shared/machine.mjs';
import { measureOn, startServer } from './shared/measure.mjs';

const SCENARIOS = /** @type {const} */ (['single', 'burst']);

const HELP = `Usage: node bench/load.mjs [options]

Whether fanfare load measures what the bench measures: both put the same scenario on the same server, in turns, each
time from a new process. Needs a build (npm run build); about eight minutes, in which the machine is left alone.

  --scenario LIST  ${SCENARIOS.join(',')}                            (both)
  --rounds N       pairs; the median of their ratios is reported   (7)
  --duration SECS  measured time of each run                       (10)
  --help           this text

Exit status: 0, or 1 when a ratio is more than a tenth from 1, or a delivery was lost, doubled or out of order.`;

/** @typedef {import('./end-to-end/scenarios.mjs').DeliveryScenario} DeliveryScenario */
/** @typedef {import('./shared/measure.mjs').RunningServer} RunningServer */

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, {
    scenario: { type: 'string' },
    rounds: { type: 'string' },
    duration: { type: 'string' },
  });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run({ scenario: wanted, rounds: givenRounds, duration }) {
  checkBuilt();
  const rounds = count('rounds', givenRounds, 7);
  const durationMs = 1e3 * count('duration', duration, 10);
  const pinned = canPin();
  if (!pinned) console.log('processes cannot be pinned to cores here, so the latencies mean little');
  const server = await startServer('fanfare-open', pinned);
  try {
    let agrees = true;
    for (const name of chosen('scenario', wanted, SCENARIOS)) {
      const planned = FULL_PLAN.scenarios[name];
      if (planned?.kind !== 'delivery') continue;
      const scenario = { ...planned, durationMs, isFromOutside: true };
      const pairs = [];
      for (let round = 1; round <= rounds; round++) {
        const first = round % 2 === 0 ? await byLoad(scenario, server, pinned) : undefined;
        const bench = await byBench(scenario, server, pinned);
        const load = first ?? (await byLoad(scenario, server, pinned));
        console.log(`${name} ${round}/${rounds} · bench: ${oneLine(bench)}`);
        console.log(`${name} ${round}/${rounds} · fanfare load: ${oneLine(load)}`);
        pairs.push({ bench, load });
      }
      console.log(`\n${name}\n${agreementTable(pairs)}\n`);
      agrees &&= agreementOf(pairs).every((ratio) => ratio.agrees);
    }
    console.log(agrees ? 'fanfare load and the bench agree within a tenth' : 'fanfare load and the bench DIFFER');
    return agrees ? 0 : 1;
  } finally {
    await server.host.close();
  }
}

/**
 * @param {DeliveryScenario} scenario
 * @param {RunningServer} server
 * @param {boolean} pinned
 */
async function byBench(scenario, server, pinned) {
  const measurement = { server: 'fanfare-open', dialect: 'fanfare', scenario, pinned, profile: null, onProgress() {} };
  const { figures, faults } = await measureOn(server, measurement);
  if (faults.length > 0) throw new Error(`bench: ${faults.join('; ')}`);
  return fromBench(figures);
}

/**
 * @param {DeliveryScenario} scenario
 * @param {RunningServer} server
 * @param {boolean} pinned
 */
async function byLoad(scenario, { port }, pinned) {
  const result = await runLoad(scenario, port, pinned);
  for (const warning of result.warnings) console.log(`fanfare load warns: ${warning}`);
  return fromLoad(result);
}

await runCommand({ help: HELP, read: readFlags, run });
