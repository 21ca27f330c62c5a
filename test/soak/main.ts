/**
 * `npm run soak`: 30 minutes of everything at once over a real Redis, then a look whether all is given back. Fails when it is
 * not, or when a client missed anything.
 *
 *     npm run soak -- --minutes 30 --seed 7 --load 0.5 --write
 *
 * `--warm-up`: minutes of a round of the same load before the first look, of which there are as many as it takes until caches,
 * rings and compiled code are as full as they get; default: a tenth; `--load`: a share of the usual load, for a machine that has other work to do; `--write`: docs/conformance.md gets the
 * outcome; `--trace`: .cache/soak/trace/ gets what the third node holds before and after, where it was made, and snapshots of its
 * heap, which costs time and memory. Curves are in .cache/soak/report.html, figures in report.json.
 */

import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from '../../bench/shared/machine.mjs';
import { writePage, writeSoakPicture } from '../attacks/page.js';
import { writeResult } from '../attacks/results.js';
import { redisIsMissing } from '../support/brokers/redis-server.js';
import { pictureOf } from './curves.js';
import { pageOf } from './report.js';
import { runSoak, type SoakOptions, type SoakOutcome } from './soak.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'warm-up': { type: 'string' },
    seed: { type: 'string' },
    load: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

function positive(name: string, value: string): number {
  const number = Number(value);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new Error(`--${name} has to be a number above 0`);
}

function perMille({ rounds, roundsRefused }: SoakOutcome): number {
  return Math.round((roundsRefused / (rounds + roundsRefused)) * 1_000);
}

const minutes = positive('minutes', values.minutes);
const warmUp = values['warm-up'] === undefined ? minutes / 10 : positive('warm-up', values['warm-up']);
const seed = values.seed === undefined ? randomInt(1_000_000) : Number(values.seed);
if (!Number.isSafeInteger(seed)) throw new Error('--seed has to be a whole number');
const load = positive('load', values.load);
if (redisIsMissing()) process.exit(1);

const folder = fileURLToPath(new URL('../../.cache/soak', import.meta.url));
const traceTo = values.trace ? `${folder}/trace` : undefined;
mkdirSync(traceTo ?? folder, { recursive: true });
const beganMs = performance.now();
const show = (text: string) =>
  process.stderr.write(`${((performance.now() - beganMs) / 1_000).toFixed(0).padStart(5)} s · ${text}\n`);
const options: SoakOptions = {
  seed,
  stormSize: 1_100,
  warmUpMs: warmUp * 60_000,
  loadMs: minutes * 60_000,
  restartEveryMs: 60_000,
  sampleEveryMs: Math.max(1_000, (minutes * 60_000) / 360),
  churnPerSec: 10 * load,
  members: Math.ceil(60 * load),
  slowReadersPerChannel: 2,
  roundsPerSec: 5 * load,
  bulkBytes: 60_000,
  keepSec: 20,
  lookEveryMs: 1_000,
  settleMs: 120_000,
  tolerance: 0.02,
  traceTo,
  show,
};
show(`seed ${seed}: ${minutes} minutes, after rounds of ${Math.round(warmUp * 10) / 10} to warm up`);
const outcome = await runSoak(options);

const machine = describeMachine();
writeFileSync(`${folder}/report.json`, `${JSON.stringify({ options, machine, ...outcome }, null, 2)}\n`);
writeFileSync(
  `${folder}/report.html`,
  pageOf(outcome, options, [machine.cpu, `${machine.cores} cores`, machine.system, machine.node].join(', ')),
);
for (const { name, unit, before, after, isBack } of outcome.returned)
  console.log(`${isBack ? 'back' : 'MORE'}  ${name}: ${before} ${unit} before, ${after} ${unit} after`);
const { verdict, clients, restartsSec } = outcome;
console.log(
  `${verdict.deliveries} deliveries to ${clients} clients, ${verdict.holes} lost, ${verdict.disorders} twice or late, ${restartsSec.length} restarts`,
);
for (const violation of outcome.violations) console.log(`VIOLATION ${violation}`);
show(`the report is in ${folder}`);
if (outcome.violations.length > 0) process.exitCode = 1;
if (values.write && process.exitCode === undefined) {
  const figures = [
    { name: 'deliveries', value: verdict.deliveries, unit: '' },
    { name: 'clients came', value: clients, unit: '' },
    { name: 'nodes were replaced', value: restartsSec.length, unit: '' },
    { name: 'publications were lost', value: verdict.holes, unit: '' },
    { name: 'came twice or late', value: verdict.disorders, unit: '' },
    { name: 'recoveries failed and were told', value: verdict.begunAnew, unit: '' },
    { name: 'of 1,000 rounds of publishing were not taken while a node went', value: perMille(outcome), unit: '' },
  ];
  writeResult('soak', { minutes, seed, load, figures, returned: outcome.returned }, { Redis: outcome.redisVersion });
  writeSoakPicture(pictureOf(outcome));
  writePage();
}
