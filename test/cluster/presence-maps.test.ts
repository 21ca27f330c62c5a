/** G8: presence as a map over two nodes with Redis between them: who comes and goes at one is seen at the other, as changes. */

import { Centrifuge } from 'centrifuge';
import { channel, fanfare, jwt } from 'fanfare';
import { redis } from 'fanfare/redis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { ownPrefix, shared } from '../support/brokers/suites.js';
import { Viewer } from '../support/centrifuge/maps-app.js';
import { signed } from '../support/servers/signed.js';

const secret = 'the nodes of this test sign their tokens with this';
/** Short, so that what is not renewed is soon gone, and yet longer than a busy machine stands still. */
const limits = { pingIntervalMs: 3_000, pongTimeoutMs: 2_500, presenceTtlMs: 8_000 };

describe.skipIf(redisIsMissing())('presence as a map on two nodes', () => {
  const server = shared(RedisServer.start);

  async function startNodes() {
    const prefix = ownPrefix();
    const apps = [1, 2].map(() =>
      fanfare({
        auth: jwt({ secret }),
        broker: redis({ url: server().url, prefix }),
        limits,
        log: { debug() {}, info() {}, warn() {}, error() {} },
        channels: {
          'room:{id}': channel({ subscribe: 'user', presence: true }),
          'here:{channel*}': channel({ subscribe: 'user', map: { presence: 'clients' } }),
          'online:{channel*}': channel({ subscribe: 'user', map: { presence: 'users' } }),
        },
      }),
    );
    const ports = await Promise.all(apps.map(async (app) => (await app.listen(0)).port));
    onTestFinished(async () => {
      for (const app of apps) await app.close(500);
    });
    const connect = async (node: 0 | 1, user: string) => {
      const client = new Centrifuge(`ws://127.0.0.1:${ports[node]}/connection/websocket`, {
        websocket: WebSocket,
        token: await signed(secret, { sub: user }),
      });
      onTestFinished(() => client.disconnect());
      client.connect();
      await client.ready(20_000);
      return client;
    };
    const enter = async (client: Centrifuge) => {
      const subscription = client.newSubscription('room:1');
      subscription.subscribe();
      await subscription.ready(20_000);
    };
    return { connect, enter };
  }

  const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 20 });

  test('clients and users are seen at the other node, and a user as long as one connection is anywhere', {
    timeout: 120_000,
  }, async () => {
    const { connect, enter } = await startNodes();
    const watcher = await connect(1, 'watcher');
    const here = await new Viewer(watcher, 'here:room:1').subscribed();
    const online = await new Viewer(watcher, 'online:room:1').subscribed();
    const [first, second] = [await connect(0, 'ann'), await connect(1, 'ann')];
    await enter(first);
    await enter(second);
    await eventually(() => expect([here.state.size, [...online.state.keys()]]).toEqual([2, ['ann']]));
    first.disconnect();
    await eventually(() => expect(here.state.size).toBe(1));
    // Longer than a key is there that nobody renews.
    const newcomer = await new Viewer(await connect(0, 'late'), 'here:room:1').subscribed();
    const untilMs = Date.now() + limits.presenceTtlMs + 1_500;
    await eventually(() => expect(Date.now()).toBeGreaterThan(untilMs));
    expect([here.updates.items.length, [...online.state.keys()], newcomer.state.size]).toEqual([3, ['ann'], 1]);
    second.disconnect();
    await eventually(() => expect([here.state.size, online.state.size, newcomer.state.size]).toEqual([0, 0, 0]));
    // Each once: no renewal was a change.
    expect(online.updates.items).toEqual(['ann=null', '-ann']);
    expect(here.updates.items.length).toBe(4);
  });
});
