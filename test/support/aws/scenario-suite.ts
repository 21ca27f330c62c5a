/** What the official client must be able to do, behind API Gateway (emulated) with Lambda functions over a store. */

import { describe, test } from 'vitest';
import { nodeContext } from '../centrifuge/node-context.js';
import { centrifugeScenarios } from '../centrifuge/scenarios.js';
import { startScenarioFunctions } from './scenario-functions.js';
import type { StoreServer } from './stores.js';

/** By name, with the reason. */
const skipped: Readonly<Record<string, string>> = {
  'subscribes again by itself when the server has lost track (2500), and misses nothing':
    'a visit reads what an earlier one has not delivered, so nobody loses track',
  'reconnects when the server has lost track of its position (3010), and misses nothing': 'as above',
  'messages outside channels keep their order': 'they have no number, and API Gateway keeps no order',
  'keeps trying when the server shuts down (3001)': 'there is no server that could',
};

/** Of a command, where what many of them need is done one after the other. */
const patient = { timeout: 120_000 };

interface ScenarioSuiteOptions {
  /** Names of scenarios. Default: all. */
  readonly chosen?: readonly string[] | undefined;
  /** For a store that is slow, and does one thing after the other. Default: all at once. */
  readonly isSerial?: boolean;
}

/** Declares its tests, over a server that is there once they run. */
export function scenarioSuite(
  server: () => StoreServer,
  { chosen, isSerial = false }: ScenarioSuiteOptions = {},
): void {
  const declare = isSerial ? test : test.concurrent;
  const groups = Object.entries(centrifugeScenarios)
    .map(([group, all]) => [group, Object.entries(all).filter(([name]) => chosen?.includes(name) ?? true)] as const)
    .filter(([, scenarios]) => scenarios.length > 0);

  describe('the official client', () => {
    describe.each(groups)('%s', (_, scenarios) => {
      for (const [name, scenario] of scenarios) {
        declare(name, { timeout: isSerial ? 300_000 : 60_000 }, async ({ skip }) => {
          const reason = skipped[name];
          if (reason !== undefined) skip(reason);
          await using functions = await startScenarioFunctions(server());
          const { context, disconnectAll } = nodeContext(functions);
          try {
            await scenario(
              isSerial ? { ...context, newClient: (given) => context.newClient({ ...patient, ...given }) } : context,
            );
          } finally {
            disconnectAll();
          }
        });
      }
    });
  });
}
