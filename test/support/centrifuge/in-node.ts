/** Runs all scenarios of the official client in Node, over one transport. */

import type { Options, TransportEndpoint } from 'centrifuge';
import { describe, test } from 'vitest';
import { type ClientMaker, scenarioContext, startScenarioServer } from './scenario-app.js';
import { centrifugeScenarios } from './scenarios.js';

/**
 * @param transport as the SDK names it; without one it is WebSocket by the SDK's own choice
 * @param make which build of the SDK. Default: the one that speaks JSON
 */
export function scenariosInNode(
  transport?: { readonly name: TransportEndpoint['transport']; readonly path: string },
  options: Partial<Options> = {},
  make?: ClientMaker,
): void {
  describe.each(Object.entries(centrifugeScenarios))('%s', (_, scenarios) => {
    test.concurrent.each(Object.entries(scenarios))('%s', async (_, scenario) => {
      await using server = await startScenarioServer();
      const http = `http://${server.host}`;
      const { context, disconnectAll } =
        transport === undefined
          ? scenarioContext(server, undefined, undefined, make)
          : scenarioContext(
              server,
              [{ transport: transport.name, endpoint: `${http}/connection/${transport.path}` }],
              { emulationEndpoint: `${http}/emulation`, ...options },
              make,
            );
      try {
        await scenario(context);
      } finally {
        disconnectAll();
      }
    });
  });
}
