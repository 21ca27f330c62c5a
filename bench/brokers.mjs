// @ts-check
/** Compares brokers with each other, and with Socket.IO's Redis adapter: paired rounds, tables, a JSON file, a page. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CONTENDERS, GROWING } from './brokers/contenders.mjs';
import { measure } from './brokers/measure.mjs';
import { renderPage } from './brokers/page.mjs';
import { FULL_PLAN, QUICK_PLAN } from './brokers/plan.mjs';
import { makeResult } from './brokers/result.mjs';
import { labelOf, oneLine, reachedText, renderTables } from './brokers/table.mjs';
import { rotated } from './end-to-end/rounds.mjs';
import { checkBuilt, chosen, count, parseFlags, resultName, runCommand } from './shared/flags.mjs';
import { describeMachine } from './shared/machine.mjs';

const HELP = `Usage: node bench/brokers.mjs [options]

Publications through each broker, and what they cost, beside Socket.IO with its Redis adapter. Needs a build
(npm run build) and the programs of the brokers (scripts/install-system.sh). Leave the machine alone meanwhile.

  --quick          a short run that checks deliveries; its times mean little
  --rounds N       paired rounds; medians are reported             (5; quick: 1)
  --only LIST      rows to measure: ${Object.keys(CONTENDERS).join(',')}
  --skip-growth    without the part with 1, 2, 4 and 8 nodes
  --profile        also save CPU profiles of all nodes in bench/results/profiles/
  --name NAME      result files are bench/results/NAME.json/.html  (brokers; quick: brokers-quick)
  --help           this text

Exit status: 0, or 1 when a delivery was lost, doubled or out of order, or a process failed.`;

const RESULTS = new URL('./results/', import.meta.url);

/** @typedef {import('./brokers/result.mjs').Round} Round */

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, {
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    only: { type: 'string' },
    'skip-growth': { type: 'boolean' },
    profile: { type: 'boolean' },
    name: { type: 'string' },
  });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run({ quick = false, rounds: givenRounds, only, 'skip-growth': skipGrowth = false, profile, name }) {
  checkBuilt();
  const base = quick ? QUICK_PLAN : FULL_PLAN;
  const rounds = count('rounds', givenRounds, base.rounds);
  const names = chosen('only', only, Object.keys(CONTENDERS));
  const plan = { ...base, rounds };
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  const fileName = resultName(name, quick ? 'brokers-quick' : 'brokers');
  /** @type {Record<string, string>} */
  const versions = {};
  /** @type {string[]} */
  const faults = [];
  /** @type {Record<string, Round[]>} */
  const roundsOfLoad = {};
  /** @type {Record<string, Round[]>} */
  const roundsOfCount = {};

  const measureAll = async (
    /** @type {string} */ what,
    /** @type {number} */ round,
    /** @type {string[]} */ contenders,
    /** @type {import('./brokers/plan.mjs').Load} */ load,
  ) => {
    /** @type {Round} */
    const measured = {};
    for (const each of rotated(contenders, round)) {
      const contender = CONTENDERS[each];
      if (!contender) continue;
      const path = (/** @type {number} */ node) =>
        fileURLToPath(new URL(`profiles/${fileName}-${what}-${each}-${round + 1}-${node}.cpuprofile`, RESULTS));
      const {
        figures,
        reached,
        version,
        faults: found,
      } = await measure({
        contender,
        // A broker in the process has only one node.
        load: contender.service === null ? { ...load, nodes: 1 } : load,
        profilePath: profile ? path : null,
      });
      measured[each] = { figures, reached };
      versions[each] = version;
      faults.push(...found.map((fault) => `${what}, ${contender.label}, ${fault}`));
      const outcome = found.join('; ') || `${oneLine(figures)}, nodes reached ${reachedText(reached)}`;
      console.log(`round ${round + 1}/${rounds} · ${what} · ${labelOf(each)}: ${outcome}`);
    }
    return measured;
  };

  for (let round = 0; round < rounds; round++) {
    for (const [what, load] of Object.entries(plan.loads)) {
      roundsOfLoad[what] = [...(roundsOfLoad[what] ?? []), await measureAll(what, round, names, load)];
    }
    if (skipGrowth) continue;
    const growing = GROWING.filter((each) => names.includes(each));
    for (const nodes of plan.growth.counts) {
      const measured = await measureAll(`${nodes} nodes`, round, growing, { ...plan.growth.load, nodes });
      roundsOfCount[nodes] = [...(roundsOfCount[nodes] ?? []), measured];
    }
  }
  if (faults.length > 0) {
    console.error(`\n${faults.join('\n')}`);
    return 1;
  }
  const result = makeResult({ startedAt, machine, plan, versions }, roundsOfLoad, roundsOfCount);
  console.log(`\n${renderTables(result)}\n`);
  await mkdir(RESULTS, { recursive: true });
  for (const [suffix, text] of [
    ['json', `${JSON.stringify(result, null, 1)}\n`],
    ['html', renderPage(result)],
  ]) {
    const file = new URL(`${fileName}.${suffix}`, RESULTS);
    await writeFile(file, text ?? '');
    console.log(`wrote ${fileURLToPath(file)}`);
  }
  return 0;
}

await runCommand({ help: HELP, read: readFlags, run });
