/**
 * What the official client must be able to do where no server listens: over sockets that crossws holds, upgrades that are
 * handed over, and `fetch`. All of it with `FANFARE_TEST_COMBINATIONS=all`.
 */

import { describe, test } from 'vitest';
import { type Combination, nothing } from '../support/centrifuge/combinations.js';
import { nodeContext } from '../support/centrifuge/node-context.js';
import { startScenarioServer } from '../support/centrifuge/scenario-app.js';
import { centrifugeScenarios } from '../support/centrifuge/scenarios.js';
import { fetchPlatform, socketPlatforms } from '../support/platforms/platforms.js';

const plain = { place: 'Node', ...nothing } as const;
const sockets: readonly Combination[] = [
  { ...plain, transport: 'websocket', codec: 'json' },
  { ...plain, transport: 'websocket', codec: 'protobuf' },
];
const requests: readonly Combination[] = [
  { ...plain, transport: 'http_stream', codec: 'json' },
  { ...plain, transport: 'http_stream', codec: 'protobuf' },
  { ...plain, transport: 'sse', codec: 'json' },
  { ...plain, transport: 'sockjs', codec: 'json' },
];

const platforms = [
  ...Object.entries(socketPlatforms).map(([platform, start]) => ({ platform, start, combinations: sockets })),
  { platform: 'fetch', start: fetchPlatform, combinations: requests },
].flatMap(({ combinations, ...each }) => combinations.map((combination) => ({ ...each, combination })));

const isLong = process.env.FANFARE_TEST_COMBINATIONS === 'all';
const usual: readonly string[] = [
  'subscribes, publishes and receives',
  'G4: gets all it missed, in order and once, when the history still has it',
];

describe.each(platforms)('$platform, $combination.transport in $combination.codec', ({ start, combination }) => {
  const groups = Object.entries(centrifugeScenarios)
    .map(([group, all]) => [group, Object.entries(all).filter(([name]) => isLong || usual.includes(name))] as const)
    .filter(([, scenarios]) => scenarios.length > 0);

  describe.each(groups)('%s', (_, scenarios) => {
    test.concurrent.each(scenarios)('%s', async (__, scenario) => {
      await using server = await startScenarioServer(combination, start);
      const { context, disconnectAll } = nodeContext(server, combination);
      try {
        await scenario(context);
      } finally {
        disconnectAll();
      }
    });
  });
});
