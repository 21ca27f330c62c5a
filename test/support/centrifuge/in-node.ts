/** Runs all scenarios of the official client in Node, over one transport and in one codec. */

import { describe, test } from 'vitest';
import { type Codec, combinationsIn, type TransportName } from './combinations.js';
import { nodeContext } from './node-context.js';
import { startScenarioServer } from './scenario-app.js';
import { centrifugeScenarios } from './scenarios.js';

export function scenariosInNode(transport: TransportName, codec: Codec): void {
  // Concurrent from the outermost: while one waits for a token to expire, those of other groups run.
  describe.concurrent.each(combinationsIn('Node', transport, codec))('$name', (combination) => {
    describe.each(Object.entries(centrifugeScenarios))('%s', (_, scenarios) => {
      test.each(Object.entries(scenarios))('%s', async (__, scenario) => {
        await using server = await startScenarioServer(combination);
        const { context, disconnectAll } = nodeContext(server, combination);
        try {
          await scenario(context);
        } finally {
          disconnectAll();
        }
      });
    });
  });
}
