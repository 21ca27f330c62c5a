/** The official JavaScript client in Node by long polling, through its hook for transports of others. */

import { describe, test } from 'vitest';
import { LongPollingSocket } from '../../../src/client/long-polling-socket.js';
import { scenarioContext, startScenarioServer } from '../../support/centrifuge/scenario-app.js';
import { centrifugeScenarios } from '../../support/centrifuge/scenarios.js';

describe.each(Object.entries(centrifugeScenarios))('%s', (_, scenarios) => {
  test.concurrent.each(Object.entries(scenarios))('%s', async (_, scenario) => {
    await using server = await startScenarioServer();
    const { context, disconnectAll } = scenarioContext(
      server,
      [{ transport: 'sockjs', endpoint: `http://${server.host}/connection/long_polling` }],
      { sockjs: LongPollingSocket },
    );
    try {
      await scenario(context);
    } finally {
      disconnectAll();
    }
  });
});
