/** The scenarios of the official client about publications, with deltas asked for and numbers for channels. */

import { Centrifuge } from 'centrifuge';
import { describe, test } from 'vitest';
import { scenarioContext, startScenarioServer } from '../support/centrifuge/scenario-app.js';
import { centrifugeScenarios } from '../support/centrifuge/scenarios.js';

class DeltaCentrifuge extends Centrifuge {
  override newSubscription(...[name, options]: Parameters<Centrifuge['newSubscription']>) {
    return super.newSubscription(name, { ...options, delta: 'fossil' });
  }
}

const groups = ['subscribing', 'recovery', 'server-side subscriptions'] as const;

describe.each(groups)('%s', (group) => {
  test.concurrent.each(Object.entries(centrifugeScenarios[group] ?? {}))('%s', async (_, scenario) => {
    await using server = await startScenarioServer({ delta: true, compaction: true });
    const make = (...given: ConstructorParameters<typeof Centrifuge>) => new DeltaCentrifuge(...given);
    const { context, disconnectAll } = scenarioContext(server, undefined, undefined, make);
    try {
      await scenario(context);
    } finally {
      disconnectAll();
    }
  });
});
