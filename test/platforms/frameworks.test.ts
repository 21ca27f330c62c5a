/**
 * Nitro and Next.js with the package as it is packed, on connections that last three seconds: two of the official client talk over each
 * transport that the framework can hand over. `npm run test:functions` installs and builds them.
 */

import type { TransportEndpoint } from 'centrifuge';
import { EventSource } from 'eventsource';
import { connect } from 'fanfare/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { talk } from '../support/aws/talk.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { buildProject, type Framework, FrameworkServer, next, nitro } from '../support/platforms/framework-server.js';
import { signed } from '../support/servers/signed.js';

/** Of each client. */
const messages = Number(process.env.FRAMEWORK_MESSAGES ?? 0);
const chosen = process.env.FRAMEWORK ?? '';
const key = 'a key of at least thirty-two bytes, for tests';
const timeoutMs = 600_000;

const frameworks: readonly (readonly [framework: Framework, socketPath: string | undefined])[] = [
  [nitro, '/ws'],
  // No released version hands over an upgrade.
  [next, undefined],
];

describe.each(
  frameworks.filter(([{ name }]) => chosen === '' || chosen === name).map((each) => [each[0].name, ...each] as const),
)('%s', (_, framework, socketPath) => {
  describe.skipIf(messages === 0 || redisIsMissing())('as it is built', () => {
    let redis: RedisServer;
    let server: FrameworkServer;

    beforeAll(async () => {
      redis = await RedisServer.start();
      const env = { REDIS_URL: redis.url, TOKEN_KEY: key };
      server = await FrameworkServer.start(framework, buildProject(framework, env), env);
    }, timeoutMs);

    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    });

    /** They are told to come back every three seconds, and recover. */
    const overHttp = async (transport: 'http_stream' | 'sse') => {
      const base = `http://127.0.0.1:${server.port}`;
      const endpoint: TransportEndpoint[] = [{ transport, endpoint: `${base}/connection/${transport}` }];
      const client = { emulationEndpoint: `${base}/emulation`, fetch, ReadableStream, eventsource: EventSource };
      await talk({ endpoint, client, key, messages });
    };

    test.skipIf(socketPath === undefined)(
      'over WebSocket',
      async () => {
        await talk({ endpoint: `ws://127.0.0.1:${server.port}${socketPath}`, key, messages });
      },
      timeoutMs,
    );

    test('over HTTP streaming', () => overHttp('http_stream'), timeoutMs);

    test('over server-sent events', () => overHttp('sse'), timeoutMs);

    test(
      'over long polling',
      async () => {
        const client = connect(`http://127.0.0.1:${server.port}`, {
          transports: ['long_polling'],
          token: await signed(key, { sub: 'ann' }),
        });
        onTestFinished(() => client.close());
        const numbers = Array.from({ length: 10 }, (_, n) => n);
        const heard: unknown[] = [];
        const room = client.channel('chat:polled');
        room.on('message', ({ data }) => heard.push(data));
        await room.ready(60_000);
        for (const n of numbers) await client.publish('chat:polled', n);
        await expect.poll(() => heard, { timeout: 60_000 }).toEqual(numbers);
      },
      timeoutMs,
    );
  });
});
