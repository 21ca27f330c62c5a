/** The short form: a few faults on a small fleet, and not one violation. `npm run test:chaos` is the long one. */

import { describe, expect, test } from 'vitest';
import { natsIsMissing } from '../support/brokers/nats-server.js';
import { rabbitmqIsMissing } from '../support/brokers/rabbitmq-server.js';
import { redisIsMissing } from '../support/brokers/redis-server.js';
import { natsChaos, rabbitmqChaos, redisChaos } from './chaos-broker.js';
import {
  blackHole,
  brokerPause,
  brokerRestart,
  disorder,
  nodeKill,
  nodePause,
  partialCut,
  rollingDeploy,
} from './chaos-faults.js';
import { type RunOutcome, type RunPlan, runChaos } from './chaos-run.js';
import { SeededRandom } from './seeded-random.js';

const world = { numNodes: 3, numClients: 12, numChannels: 4, channelsPerClient: 2, ratePerSec: 60 };

/** Set it to repeat the choices of a run that has failed. */
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

/** The end of each log, in characters. */
const longestLog = 40_000;

function planOf(faults: RunPlan['faults']): RunPlan {
  console.log(`CHAOS_SEED=${seed}`);
  return { world, faults, random: new SeededRandom(seed), onFault: (outcome) => console.log(JSON.stringify(outcome)) };
}

/** Where it is not: with what nodes and broker said, since a fault of chance may not come again. */
function expectWell({ violations, crashes, logs }: RunOutcome): void {
  for (const log of logs) console.error(log.slice(-longestLog));
  expect(violations).toEqual([]);
  expect(crashes).toEqual([]);
}

describe.skipIf(redisIsMissing())('three nodes and Redis', { timeout: 180_000 }, () => {
  test('F1 F4 F5 F6 F12 F19: G1 to G10 hold while nodes are killed, cut off, paused and replaced', async () => {
    await using broker = await redisChaos();
    const faults = [
      nodeKill(),
      nodeKill(2),
      rollingDeploy(),
      disorder(['repeat', 'hold', 'drop'], 1_000),
      blackHole(5_000, 'both', 'one'),
      partialCut('subscriptions', 2_000),
      partialCut('commands', 2_000),
      nodePause(2_000),
      brokerPause(2_000),
    ];
    const outcome = await runChaos(broker, planOf(faults));
    expectWell(outcome);
    expect(outcome.faults).toHaveLength(faults.length);
    expect(outcome.delivered).toBeGreaterThan(outcome.acknowledged);
  });

  test.each([
    ['without', false],
    ['with', true],
  ])('F2: they hold when it is restarted %s persistence', async (_, isPersistent) => {
    await using broker = await redisChaos({ isPersistent });
    const outcome = await runChaos(broker, planOf([brokerRestart(1_000)]));
    expectWell(outcome);
  });
});

describe.skipIf(natsIsMissing())('three nodes and NATS', { timeout: 180_000 }, () => {
  test.each([
    [
      'F1 F2 F4 F12: they hold when nodes are killed, cut off and replaced, and it is restarted without its data',
      false,
      [nodeKill(), rollingDeploy(), brokerRestart(1_000), blackHole(5_000, 'both', 'one')],
    ],
    ['F2: they hold when it is restarted with its data', true, [brokerRestart(1_000)]],
  ])('%s', async (_, isPersistent, faults) => {
    await using broker = await natsChaos({ isPersistent });
    const outcome = await runChaos(broker, planOf(faults));
    expectWell(outcome);
  });
});

describe.skipIf(rabbitmqIsMissing())('three nodes and RabbitMQ', { timeout: 180_000 }, () => {
  test.each([
    ['they hold', true],
    ['what can hold without a history holds', false],
  ])('F1 F2 F4 F12: %s while nodes are killed, cut off and replaced, and it is restarted', async (_, keepsHistory) => {
    await using broker = await rabbitmqChaos({ keepsHistory });
    const faults = [nodeKill(), rollingDeploy(), brokerRestart(100), blackHole(5_000, 'both', 'one')];
    const outcome = await runChaos(broker, planOf(faults));
    expectWell(outcome);
  });
});
