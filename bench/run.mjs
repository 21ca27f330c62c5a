// @ts-check
/** The end-to-end benchmark: runs the plan in paired rounds, prints tables, writes JSON and an HTML report. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { canPin, describeMachine, descriptorShortage } from './machine.mjs';
import { HELP, readOptions, UsageError } from './options.mjs';
import { Progress } from './progress.mjs';
import { renderReport } from './report/page.mjs';
import { makeResult } from './result.mjs';
import { runRounds } from './rounds.mjs';
import { renderTables } from './table.mjs';

const RESULTS = new URL('./results/', import.meta.url);

/** @param {import('./options.mjs').Options} options */
async function run({ plan, servers, profile, name }) {
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  const pinned = canPin();
  const { roundsOf, versions, faults } = await runRounds({
    plan,
    servers,
    pinned,
    profile,
    profilePath: (scenario, server, round) =>
      fileURLToPath(new URL(`profiles/${name}-${scenario}-${server}-${round}.${profile}profile`, RESULTS)),
    progress: new Progress(process.stdout, plan.rounds * Object.keys(plan.scenarios).length * servers.length),
  });
  if (faults.length > 0) {
    console.error(`\n${faults.join('\n')}`);
    return 1;
  }
  const result = makeResult({ startedAt, machine, pinned, plan, servers, versions }, roundsOf);
  console.log(`\n${renderTables(result)}\n`);
  await mkdir(RESULTS, { recursive: true });
  await save(`${name}.json`, `${JSON.stringify(result, null, 1)}\n`);
  await save(`${name}.html`, renderReport(result));
  return 0;
}

/**
 * @param {string} fileName
 * @param {string} text
 */
async function save(fileName, text) {
  const file = new URL(fileName, RESULTS);
  await writeFile(file, text);
  console.log(`wrote ${fileURLToPath(file)}`);
}

/** @param {string[]} argv */
async function main(argv) {
  const options = readOptions(argv);
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  if (options.servers.includes('fanfare') && !existsSync(new URL('../dist/index.js', import.meta.url))) {
    throw new UsageError('Fanfare is not built: run npm run build first, or leave it out (--only ws,socketio)');
  }
  const loads = Object.values(options.plan.scenarios);
  const most = Math.max(...loads.map((load) => (load.kind === 'idle' ? load.connections : load.subscribers)));
  const shortage = descriptorShortage(most);
  if (shortage) throw new UsageError(shortage);
  return run(options);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message} (--help explains the flags)` : error);
  process.exitCode = 1;
}
