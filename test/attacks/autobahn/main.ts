/**
 * `npm run test:autobahn`: the Autobahn testsuite against the WebSocket endpoint, about half an hour. Fails when a case does, or
 * when one is less strict than it could be and nobody has said why (verdicts.ts).
 *
 *     npm run test:autobahn -- --cases '1.*,2.*,5.6' --at-once 4 --write
 *
 * `--cases`: some of them; `--at-once`: so many fuzzing clients share them; `--write`: docs/conformance.md gets the outcome. The
 * suite's own report is in .cache/autobahn-report/.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writePage } from '../page.js';
import { writeResult } from '../results.js';
import { EchoListener } from './echo-listener.js';
import { installSuite, type Suite } from './install.js';
import { type CaseReports, judge } from './verdicts.js';

/** The suite has no group 8, and 11 is empty. */
const allGroups = [1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13];
const reportFolder = fileURLToPath(new URL('../../../.cache/autobahn-report', import.meta.url));
const agent = 'Fanfare';

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    'at-once': { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
});
const numClients = Number(values['at-once']);
if (!Number.isSafeInteger(numClients) || numClients < 1)
  throw new Error('--at-once has to be a whole number of 1 or more');
const cases = values.cases?.split(',') ?? allGroups.map((group) => `${group}.*`);
const groups = [...new Set(cases.map((one) => Number(one.split('.')[0])))];
if (values.write && values.cases !== undefined) throw new Error('--write is for a run of all cases');

const beganMs = performance.now();
const show = (text: string) =>
  process.stderr.write(`${((performance.now() - beganMs) / 1_000).toFixed(0).padStart(4)} s · ${text}\n`);

show('installing the suite, unless it is there');
const suite = installSuite();
rmSync(reportFolder, { recursive: true, force: true });
const reports = await fuzzAll();
const { faults, ...verdict } = judge(reports, groups);
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
  writeResult(
    'autobahn',
    { ...verdict, tookSec: Math.round((performance.now() - beganMs) / 1_000) },
    {
      autobahntestsuite: suite.version,
      ws: versionOf('ws'),
    },
  );
  writePage();
}
show(`${Object.keys(reports).length} cases, ${faults.length} faults; the report is in ${reportFolder}`);

async function fuzzAll(): Promise<CaseReports> {
  await using listener = await EchoListener.start();
  const shares = shared(cases, numClients);
  show(`${cases.length} patterns of cases, ${shares.length} fuzzing clients at ${listener.address}`);
  const found = await Promise.all(shares.map((share, n) => fuzz(suite, listener.address, share, `${n + 1}`)));
  return Object.assign({}, ...found);
}

/** The long groups come apart, so that no client is left with all of them. */
function shared(all: readonly string[], count: number): string[][] {
  const parts = all.flatMap((one) => {
    if (one === '12.*') return [1, 2, 3, 4, 5].map((n) => `12.${n}.*`);
    return one === '13.*' ? [1, 2, 3, 4, 5, 6, 7].map((n) => `13.${n}.*`) : [one];
  });
  const shares = Array.from({ length: Math.min(count, parts.length) }, (): string[] => []);
  for (const [n, part] of parts.entries()) shares[n % shares.length]?.push(part);
  return shares;
}

async function fuzz({ python, env }: Suite, url: string, cases: readonly string[], name: string): Promise<CaseReports> {
  const outdir = join(reportFolder, name);
  mkdirSync(outdir, { recursive: true });
  const spec = join(outdir, 'spec.json');
  const servers = [{ agent, url, options: { version: 18 } }];
  writeFileSync(
    spec,
    JSON.stringify({
      outdir,
      servers,
      cases,
      options: { failByDrop: false },
      'exclude-cases': [],
      'exclude-agent-cases': {},
    }),
  );
  const run = 'import sys; from autobahntestsuite.wstest import run; sys.exit(run())';
  const child = spawn(python, ['-c', run, '--mode', 'fuzzingclient', '--spec', spec], {
    env,
    cwd: outdir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-10_000);
      for (const [, id] of text.matchAll(/Running test case ID (\S+)/g)) show(`client ${name}: ${id}`);
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the fuzzing client ended with ${code}:\n${output}`);
  // safe: the suite's own report; what is not in it is judged as missing
  const index = JSON.parse(readFileSync(join(outdir, 'index.json'), 'utf8')) as Readonly<Record<string, CaseReports>>;
  return index[agent] ?? {};
}

function versionOf(name: string): string {
  const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
