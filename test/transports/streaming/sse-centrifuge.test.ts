/** The official JavaScript client, unmodified, in Node over server-sent events: what works over WebSocket works here. */

import { EventSource } from 'eventsource';
import { describe, test } from 'vitest';
import { scenarioContext, startScenarioServer } from '../../support/centrifuge/scenario-app.js';
import { centrifugeScenarios } from '../../support/centrifuge/scenarios.js';

describe.each(Object.entries(centrifugeScenarios))('%s', (_, scenarios) => {
  test.concurrent.each(Object.entries(scenarios))('%s', async (_, scenario) => {
    await using server = await startScenarioServer();
    const { context, disconnectAll } = scenarioContext(
      server,
      [{ transport: 'sse', endpoint: `http://${server.host}/connection/sse` }],
      { emulationEndpoint: `http://${server.host}/emulation`, eventsource: EventSource },
    );
    try {
      await scenario(context);
    } finally {
      disconnectAll();
    }
  });
});
