/**
 * `npm run test:autobahn`: the Autobahn testsuite against the WebSocket endpoint, about half an hour. Fails when a case does, or
 * when one is less strict than it could be and nobody has said why (verdicts.ts).
 *
 *     npm run test:autobahn -- --cases '1.*,2.*,5.6' --at-once 4 --go-on --write
 *
 * `--cases`: some of them; `--at-once`: so many fuzzing clients share them; `--go-on`: parts that are over in a run of the same
 * sources that was interrupted are not run again; `--write`: docs/conformance.md gets the outcome; what it says of groups that were
 * not run stays. The suite's own reports are in .cache/autobahn-report/.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fingerprintOf } from '../../../scripts/setup.mjs';
import { writePage } from '../page.js';
import { cacheFolder } from '../python-packages.js';
import { ownVersions, readResult, today, writeResult } from '../results.js';
import { EchoListener } from './echo-listener.js';
import { installSuite } from './install.js';
import { merged } from './merged.js';
import { partsOf, prepareFolder, runParts } from './parts.js';
import { groups, judge } from './verdicts.js';

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    'at-once': { type: 'string', default: '2' },
    'go-on': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const atOnce = Number(values['at-once']);
if (!Number.isSafeInteger(atOnce) || atOnce < 1) throw new Error('--at-once has to be a whole number of 1 or more');
const cases = values.cases?.split(',') ?? Object.keys(groups).map((group) => `${group}.*`);
const asked = [...new Set(cases.map((one) => Number(one.split('.')[0])))];
if (values.write && !cases.every((one) => /^\d+\.\*$/.test(one))) throw new Error('--write is for whole groups');

const beganMs = performance.now();
const show = (text: string) =>
  process.stderr.write(`${((performance.now() - beganMs) / 1_000).toFixed(0).padStart(4)} s · ${text}\n`);

show('installing the suite, unless it is there');
const suite = installSuite();
const versions = { autobahntestsuite: suite.version, ws: versionOf('ws') };
const folder = cacheFolder('autobahn-report');
const mark = { ...versions, node: process.version, sources: fingerprintOf(['src', 'test/attacks/autobahn']) };
prepareFolder(folder, JSON.stringify(mark), values['go-on']);
const reports = await attack();
const { faults, ...verdict } = judge(reports, asked);
for (const group of verdict.groups)
  console.log(
    Object.entries(group)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );
for (const { cases, outcome, reason } of verdict.explanations) console.log(`${outcome} ${cases.join(' ')}: ${reason}`);
for (const fault of faults) console.log(`FAULT ${fault}`);
if (faults.length > 0) process.exitCode = 1;
else if (values.write) {
  const run = { date: today(), versions: ownVersions(versions) };
  writeResult('autobahn', merged(readResult('autobahn')?.outcome, verdict, run), versions);
  writePage();
}
show(`${Object.keys(reports).length} cases, ${faults.length} faults; the reports are in ${folder}`);

async function attack() {
  await using listener = await EchoListener.start();
  const url = listener.address;
  const parts = partsOf(cases);
  show(`${parts.length} parts, ${Math.min(atOnce, parts.length)} at once, at ${url}`);
  return await runParts({ suite, url, folder, parts, atOnce, show });
}

function versionOf(name: string): string {
  const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
