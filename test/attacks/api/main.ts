/**
 * `npm run test:api-fuzz`: schemathesis against the HTTP API, in both ways of telling errors. Fails with what it has found.
 *
 *     npm run test:api-fuzz -- --examples 500 --seed 7 --write
 *
 * `--examples`: requests that chance makes for each operation, beside those that cover each keyword of the document; `--write`:
 * docs/conformance.md gets the outcome.
 */

import { parseArgs } from 'node:util';
import { startApiServer } from '../../support/servers/api-server.js';
import { writePage } from '../page.js';
import { type ApiFuzzOutcome, writeResult } from '../results.js';
import { installSchemathesis } from './install.js';
import { type ErrorMode, modes, runSchemathesis } from './schemathesis.js';

const { values } = parseArgs({
  options: {
    examples: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const [examples, seed] = [Number(values.examples), Number(values.seed)];
if (!Number.isSafeInteger(examples) || examples < 1)
  throw new Error('--examples has to be a whole number of 1 or more');
if (!Number.isSafeInteger(seed)) throw new Error('--seed has to be a whole number');

process.stderr.write('installing schemathesis, unless it is there …\n');
const { program, version } = installSchemathesis();
const beganMs = performance.now();
const outcomes: ApiFuzzOutcome['modes'][number][] = [];
let isWell = true;
for (const mode of Object.keys(modes) as ErrorMode[]) {
  await using server = await startApiServer();
  process.stderr.write(`errors told by ${mode} …\n`);
  const run = await runSchemathesis(program, server.url, { mode, seed, examples });
  if (run.failures > 0) {
    console.log(run.output);
    isWell = false;
  }
  const { operations, requests, failures } = run;
  outcomes.push({ mode, checks: modes[mode].checks, operations, requests, failures });
  console.log(`errors told by ${mode}: ${requests} requests to ${operations} operations, ${failures} failures`);
}
if (!isWell) process.exitCode = 1;
else if (values.write) {
  const tookSec = Math.round((performance.now() - beganMs) / 1_000);
  writeResult('api', { modes: outcomes, seed, examples, tookSec }, { schemathesis: version });
  writePage();
}
