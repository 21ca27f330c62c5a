// @ts-check
/** Compares Fanfare with peers in other languages: paired rounds of each scenario, tables, a JSON file and a page. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rotated } from './end-to-end/rounds.mjs';
import { renderPage } from './peers/page.mjs';
import { Pair } from './peers/pair.mjs';
import { PEER_NAMES, PEERS } from './peers/peers.mjs';
import { makeResult, renewed } from './peers/result.mjs';
import { SCENARIOS } from './peers/scenarios.mjs';
import { oneLine, renderTables } from './peers/table.mjs';
import { checkBuilt, chosen, count, parseFlags, resultName, runCommand, UsageError } from './shared/flags.mjs';
import { canPin, describeMachine, descriptorShortage } from './shared/machine.mjs';

const HELP = `Usage: node bench/peers.mjs [options]

What each kind of work costs Fanfare, beside centrifuge and Centrifugo (Go), Bun (C++), ws and Socket.IO. Needs a build
(npm run build) and Go; where a program is missing, its column says so. Leave the machine alone meanwhile.

  --quick          a short run that checks deliveries; its times mean little
  --rounds N       paired rounds; medians are reported             (3; quick: 1)
  --scenario LIST  scenarios to run                                (all)
  --peer LIST      servers to run                                  (all)
  --renew          measures these scenarios again in an existing result, and keeps the others with their date
  --profile        also save CPU profiles of Fanfare's measured parts in bench/results/profiles/; slows it down
  --name NAME      result files are bench/results/NAME.json/.html  (peers; quick: peers-quick)
  --help           this text

Scenarios: ${Object.keys(SCENARIOS).join(', ')}
Peers: ${PEER_NAMES.join(', ')}

Exit status: 0, or 1 when a delivery was lost, doubled or out of order, or a process failed.`;

const RESULTS = new URL('./results/', import.meta.url);
const MOST_CONNECTIONS = 10_000;

/** @typedef {import('./peers/peers.mjs').PeerName} PeerName */

/** @param {string[]} argv */
function readFlags(argv) {
  return parseFlags(argv, {
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    scenario: { type: 'string' },
    peer: { type: 'string' },
    renew: { type: 'boolean' },
    profile: { type: 'boolean' },
    name: { type: 'string' },
  });
}

/** @param {ReturnType<typeof readFlags>} flags */
async function run({ quick = false, rounds: givenRounds, scenario, peer, renew = false, profile = false, name }) {
  checkBuilt();
  const rounds = count('rounds', givenRounds, quick ? 1 : 3);
  const scenarios = chosen('scenario', scenario, Object.keys(SCENARIOS));
  const wanted = chosen('peer', peer, PEER_NAMES);
  const fileName = resultName(name, quick ? 'peers-quick' : 'peers');
  const before = renew ? await resultNamed(fileName) : null;
  const shortage = descriptorShortage(MOST_CONNECTIONS);
  if (shortage) throw new UsageError(shortage);
  /** @type {import('./peers/result.mjs').Run} */
  const all = {
    startedAt: new Date().toISOString(),
    machine: describeMachine(),
    pinned: canPin(),
    quick,
    rounds,
    peers: wanted.map((each) => ({ name: each, label: PEERS[each].label, missing: null, version: null })),
    measured: {},
    skipped: [],
  };
  /** @type {string[]} */
  const faults = [];
  /** @type {Map<PeerName, string>} */
  const programs = new Map();
  for (const each of all.peers) {
    const { path, missing } = PEERS[each.name].program();
    if (path === undefined) {
      each.missing = missing;
      console.log(`without ${each.label}: ${missing}`);
    } else programs.set(each.name, path);
  }
  const possible = scenarios.filter((what) => {
    const missing = SCENARIOS[what]?.needs.map((program) => program().missing).find((reason) => reason !== undefined);
    if (missing === undefined) return true;
    all.skipped.push({ scenario: what, missing });
    console.log(`without ${what}: ${missing}`);
    return false;
  });
  for (let round = 0; round < rounds; round++) {
    for (const what of possible) {
      const { peers = [], run: measure } = SCENARIOS[what] ?? {};
      const taking = peers.filter((each) => programs.has(each));
      /** @type {import('./peers/result.mjs').Round} */
      const figures = {};
      for (const each of taking.length > 0 ? rotated(taking, round) : []) {
        const label = `round ${round + 1}/${rounds} · ${what} · ${PEERS[each].label}`;
        const profilePath = (/** @type {number} */ part, /** @type {number} */ node) =>
          fileURLToPath(new URL(`profiles/${fileName}-${what}-${round + 1}-${part}-${node}.cpuprofile`, RESULTS));
        const pair = new Pair({
          peer: each,
          program: programs.get(each) ?? '',
          pinned: all.pinned,
          profilePath: profile && each === 'fanfare' ? profilePath : null,
        });
        try {
          const outcome = await measure?.(pair, quick, each);
          if (!outcome) continue;
          figures[each] = outcome;
          const shown = all.peers.find((other) => other.name === each);
          if (shown) shown.version = pair.servers[0]?.version ?? shown.version;
          console.log(`${label}: ${oneLine(what, outcome)}`);
        } catch (error) {
          faults.push(`${label}: ${error instanceof Error ? error.message : String(error)}`);
          console.log(faults.at(-1));
        } finally {
          await pair.close();
        }
      }
      all.measured[what] = [...(all.measured[what] ?? []), figures];
    }
  }
  const result = makeResult(before ? renewed(before, all) : all);
  console.log(`\n${renderTables(result)}\n`);
  if (faults.length > 0) {
    console.error(faults.join('\n'));
    return 1;
  }
  await mkdir(RESULTS, { recursive: true });
  for (const [suffix, text] of Object.entries({
    json: `${JSON.stringify(result, null, 1)}\n`,
    html: renderPage(result),
  })) {
    const file = new URL(`${fileName}.${suffix}`, RESULTS);
    await writeFile(file, text);
    console.log(`wrote ${fileURLToPath(file)}`);
  }
  return 0;
}

/**
 * @param {string} fileName
 * @returns {Promise<import('./peers/result.mjs').Run>}
 */
async function resultNamed(fileName) {
  try {
    return JSON.parse(await readFile(new URL(`${fileName}.json`, RESULTS), 'utf8'));
  } catch (error) {
    throw new UsageError(`--renew: no result ${fileName}.json to renew`, { cause: error });
  }
}

await runCommand({ help: HELP, read: readFlags, run });
