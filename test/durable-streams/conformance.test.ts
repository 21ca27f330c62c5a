/**
 * The conformance suite of the protocol's authors against a running server. `npm test` has what takes neither real seconds nor
 * much of a processor, over the broker in memory; `npm run test:durable-streams` has everything, over the brokers that
 * `DURABLE_STREAMS_BROKERS` names.
 */

import { runConformanceTests } from '@durable-streams/server-conformance-tests';
import { channel, fanfare } from 'fanfare';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { brokerServers } from '../support/brokers/servers.js';

const { DURABLE_STREAMS_BROKERS: asked } = process.env;
const isLong = asked !== undefined;

/**
 * What is not run, by the names of the groups of tests. The suite itself leaves out its "Reserved subscription APIs",
 * unless it is told that there are subscriptions: there are none, only hooks.
 */
const skips = [
  {
    tests: /^Fork - /,
    reason: 'forks are answered with 501: offsets are those of a channel, and a fork would need those of another one',
  },
  ...(isLong
    ? []
    : [
        {
          tests: /^TTL Expiration Behavior$/,
          reason:
            'needs a machine that does nothing else, since lifetimes are two seconds: npm run test:durable-streams',
        },
        {
          // Comparing each byte by an assertion of its own takes so long that tests beside it run into their time limits.
          tests: /^(?:Property-Based Tests|Chunking and Large Payloads)/,
          reason: 'takes too much of a processor: npm run test:durable-streams',
        },
      ]),
] as const;

interface Suite {
  readonly name: string;
  readonly suite?: Suite | undefined;
}

function* groupsOf({ name, suite }: Suite): Iterable<string> {
  yield name;
  if (suite !== undefined) yield* groupsOf(suite);
}

describe.each((asked ?? 'memory').split(','))('over %s', (name) => {
  const server = name === 'redis' || name === 'nats' ? brokerServers[name] : undefined;
  // The suite makes it the time limit of its tests, which here is for what hangs.
  const config = { baseUrl: '', longPollTimeoutMs: 60_000 };

  describe.skipIf(server?.isMissing() === true)('a server', () => {
    const ends: (() => Promise<unknown>)[] = [];
    beforeAll(async () => {
      const broker = await server?.start();
      if (broker !== undefined) ends.push(async () => broker[Symbol.asyncDispose]());
      const app = fanfare({
        anonymous: true,
        origins: ['https://example.com'],
        channels: {
          '{stream}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 20_000, ttl: '1h' } }),
        },
        durableStreams: { path: '/v1/stream', writersMayDelete: true },
        limits: { pollWaitMs: 1_000 },
        log: { debug() {}, info() {}, warn() {}, error() {} },
        ...(broker && server && { broker: server.at(broker.url) }),
      });
      ends.push(() => app.close(500));
      config.baseUrl = (await app.listen(0)).url;
    }, 60_000);
    afterAll(async () => {
      for (const end of ends.reverse()) await end();
    });

    beforeEach(({ task, skip }) => {
      const groups = [...groupsOf(task)];
      const skipped = skips.find(({ tests }) => groups.some((group) => tests.test(group)));
      if (skipped !== undefined) skip(skipped.reason);
    });

    // Most of the time is spent waiting. The long form has tests of lifetimes, which are to be alone.
    describe('as the suite has it', { concurrent: !isLong, timeout: 120_000 }, () => runConformanceTests(config));
  });
});
