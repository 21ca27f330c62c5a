// @ts-check
/** The end-to-end benchmark: runs the plan in paired rounds, prints tables, writes JSON and an HTML report. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { HELP, readOptions } from './end-to-end/options.mjs';
import { renderReport } from './end-to-end/page.mjs';
import { Progress } from './end-to-end/progress.mjs';
import { makeResult } from './end-to-end/result.mjs';
import { runRounds } from './end-to-end/rounds.mjs';
import { renderTables } from './end-to-end/table.mjs';
import { checkBuilt, runCommand, UsageError } from './shared/flags.mjs';
import { canPin, describeMachine, descriptorShortage } from './shared/machine.mjs';

const RESULTS = new URL('./results/', import.meta.url);

/** @param {import('./end-to-end/options.mjs').Options} options */
async function run({ plan, servers, profile, name }) {
  if (servers.includes('fanfare')) checkBuilt(', or leave it out (--only ws,socketio)');
  const loads = Object.values(plan.scenarios);
  const most = Math.max(...loads.map((load) => (load.kind === 'idle' ? load.connections : load.subscribers)));
  const shortage = descriptorShortage(most);
  if (shortage) throw new UsageError(shortage);
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

await runCommand({ help: HELP, read: readOptions, run });
