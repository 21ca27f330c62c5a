/** The official JavaScript client, unmodified, in Node over HTTP streaming: what works over WebSocket works here. */

import { describe, test } from 'vitest';
import { scenarioContext, startScenarioServer } from '../../support/centrifuge/scenario-app.js';
import { centrifugeScenarios } from '../../support/centrifuge/scenarios.js';

describe.each(Object.entries(centrifugeScenarios))('%s', (_, scenarios) => {
  test.concurrent.each(Object.entries(scenarios))('%s', async (_, scenario) => {
    await using server = await startScenarioServer();
    const { context, disconnectAll } = scenarioContext(
      server,
      [{ transport: 'http_stream', endpoint: `http://${server.host}/connection/http_stream` }],
      { emulationEndpoint: `http://${server.host}/emulation` },
    );
    try {
      await scenario(context);
    } finally {
      disconnectAll();
    }
  });
});
