/** `limits.maxConnectionsPerUser` over the workers of one server, and over three nodes with Redis, as processes. */

import { Centrifuge } from 'centrifuge';
import { SignJWT } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { testSecret } from '../cli/fanfare-process.js';
import { endpoint } from '../cli/handshake.js';
import { redisIsMissing } from '../support/brokers/redis-server.js';
import { startThreeNodes } from './three-nodes.js';

const most = 3;
const numUsers = 8;
const config = { port: 0, token: { secret: testSecret }, limits: { maxConnectionsPerUser: most } };

const tokens = await Promise.all(
  Array.from({ length: numUsers }, (_, n) =>
    new SignJWT({ sub: `user ${n}` }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(testSecret)),
  ),
);

/** A client, once it is in, or the code with which it was refused; it would come back. */
function enter(url: string, token: string): Promise<Centrifuge | number> {
  const client = new Centrifuge(endpoint(url), { websocket: WebSocket, token });
  return new Promise((resolve) => {
    client.on('connected', () => resolve(client));
    client.on('error', ({ error }) => {
      resolve(error.code);
      client.disconnect();
    });
    client.on('disconnected', ({ code }) => resolve(code));
    client.connect();
  });
}

describe.each(['workers', 'redis'] as const)('%s', (kind) => {
  test.skipIf(kind === 'redis' && redisIsMissing())(
    'of many that come at the same moment as many are let in as may be, and again when they have left',
    { timeout: 120_000 },
    async () => {
      await using fleet = await startThreeNodes(kind, config);
      const { urls } = fleet;
      const come = () =>
        Promise.all(
          tokens.map((token) =>
            Promise.all(Array.from({ length: 3 * most }, (_, n) => enter(urls[n % urls.length] ?? '', token))),
          ),
        );
      // Until the nodes know of each other each has a limit of its own.
      const entered = async () => {
        const byUser = await come();
        const clients = byUser.map((all) => all.filter((one) => one instanceof Centrifuge));
        for (const client of clients.flat()) client.disconnect();
        for (const refused of byUser.flat()) if (typeof refused === 'number') expect(refused).toBe(106);
        return clients.map(({ length }) => length);
      };
      const exactly = tokens.map(() => most);
      for (let round = 0; round < 2; round++) {
        await vi.waitFor(async () => expect(await entered()).toEqual(exactly), 15_000);
      }
    },
  );
});
