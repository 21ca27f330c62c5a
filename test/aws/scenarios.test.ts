/** What the official client must be able to do, behind API Gateway (emulated) with Lambda functions over each store. */

import { describe, test } from 'vitest';
import { startScenarioFunctions } from '../support/aws/scenario-functions.js';
import { dynamoDbStoreKind, redisStoreKind } from '../support/aws/stores.js';
import { shared } from '../support/brokers/suites.js';
import { nodeContext } from '../support/centrifuge/node-context.js';
import { centrifugeScenarios } from '../support/centrifuge/scenarios.js';

/** By name, with the reason. */
const skipped: Readonly<Record<string, string>> = {
  'subscribes again by itself when the server has lost track (2500), and misses nothing':
    'a visit reads what an earlier one has not delivered, so nobody loses track',
  'reconnects when the server has lost track of its position (3010), and misses nothing': 'as above',
  'keeps trying when the server shuts down (3001)': 'there is no server that could',
};

/** Moto takes some ms for each call, one after the other: with `FANFARE_TEST_COMBINATIONS=all` all run over it. */
const isLong = process.env.FANFARE_TEST_COMBINATIONS === 'all';
const usual: readonly string[] = [
  'subscribes, publishes and receives',
  'sees who is there, and how many',
  'G4: gets all it missed, in order and once, when the history still has it',
  'G4: is told that it cannot, when the history has expired',
  'G5: is told that it cannot, when the history was lost and written anew up to the same offset',
];

describe.each([
  { ...redisStoreKind, chosen: undefined },
  { ...dynamoDbStoreKind, chosen: isLong ? undefined : usual },
])('functions over $kind', ({ kind, start, isMissing, chosen }) => {
  describe.skipIf(isMissing())('the official client', () => {
    const server = shared(start);
    const declare = kind === dynamoDbStoreKind.kind ? test : test.concurrent;

    const groups = Object.entries(centrifugeScenarios)
      .map(([group, all]) => [group, Object.entries(all).filter(([name]) => chosen?.includes(name) ?? true)] as const)
      .filter(([, scenarios]) => scenarios.length > 0);

    describe.each(groups)('%s', (_, scenarios) => {
      for (const [name, scenario] of scenarios) {
        declare(name, async ({ skip }) => {
          const reason = skipped[name];
          if (reason !== undefined) skip(reason);
          await using functions = await startScenarioFunctions(server());
          const { context, disconnectAll } = nodeContext(functions);
          try {
            await scenario(context);
          } finally {
            disconnectAll();
          }
        });
      }
    });
  });
});
