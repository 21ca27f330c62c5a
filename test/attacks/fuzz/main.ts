/**
 * `npm run test:fuzz`: the targets, one after the other, for ten minutes in all. Fails with the first input that breaks one.
 *
 *     npm run test:fuzz -- --minutes 60 --seed 7 --only 'frames in JSON' --write
 *
 * `--seed`: repeats a run with as many inputs; `--write`: docs/conformance.md gets the outcome.
 */

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { redisIsMissing } from '../../support/brokers/redis-server.js';
import { writePage } from '../page.js';
import { type FuzzOutcome, writeResult } from '../results.js';
import { type AnyTarget, anyTarget } from './fuzzing.js';
import { PollingServer } from './polling.js';
import { TamperedRedis } from './redis.js';
import { targets } from './targets.js';

/** So many inputs share a seed: then the next one follows. */
const roundInputs = 2_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes has to be a number above 0');
const seed = values.seed === undefined ? randomInt(1_000_000) : Number(values.seed);
if (!Number.isSafeInteger(seed)) throw new Error('--seed has to be a whole number');

const beganMs = performance.now();
const outcomes = await fuzzAll();
if (values.write) {
  writeResult('fuzz', { seed, targets: outcomes, tookSec: Math.round((performance.now() - beganMs) / 1_000) });
  writePage();
}

async function fuzzAll(): Promise<FuzzOutcome['targets']> {
  await using polling = await PollingServer.start();
  await using redis = redisIsMissing() ? undefined : await TamperedRedis.start();
  const all: readonly AnyTarget[] = [
    ...targets,
    anyTarget(polling.target),
    ...(redis === undefined ? [] : [anyTarget(redis.target)]),
  ].filter(({ name }) => values.only === undefined || name === values.only);
  if (all.length === 0) throw new Error(`--only: there is no target "${values.only}"`);
  console.log(`seed ${seed}, ${all.length} targets, ${minutes} minutes`);
  const found: FuzzOutcome['targets'][number][] = [];
  for (const { name, about, corpus, fuzz } of all) {
    const untilMs = performance.now() + (minutes * 60_000) / all.length;
    let rounds = 0;
    do await fuzz(seed + rounds++, roundInputs);
    while (performance.now() < untilMs);
    found.push({ name, about, corpus, inputs: rounds * roundInputs });
    console.log(
      `${name}: ${(rounds * roundInputs).toLocaleString('en')} inputs of ${rounds} seeds from ${seed} on, no fault`,
    );
  }
  return found;
}
