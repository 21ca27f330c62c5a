/** Workers over Redis: each server's metrics are those of its own workers, however many others share the broker. */

import { Centrifuge } from 'centrifuge';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { endpoint } from '../cli/handshake.js';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';

const config = {
  port: 0,
  anonymous: true,
  workers: 2,
  metrics: true,
  log: { level: 'error' },
  channels: { news: { subscribe: 'anyone' } },
};

describe.skipIf(redisIsMissing())('workers and Redis', () => {
  test('metrics are of all workers of one server', { timeout: 120_000 }, async () => {
    await using redis = await RedisServer.start();
    using folder = new Folder();
    folder.write('fanfare.json', JSON.stringify({ ...config, broker: redis.url }));
    await using one = new FanfareProcess(['serve'], { folder });
    await using two = new FanfareProcess(['serve'], { folder });
    const [here, there] = [await one.listening(), await two.listening()];
    const clients = [here, here, here, here, there].map((url) => {
      const client = new Centrifuge(endpoint(url), { websocket: WebSocket });
      client.connect();
      return client;
    });
    await Promise.all(clients.map((client) => client.ready(20_000)));
    const figures = async (url: string) => {
      const text = await (await fetch(`${url}/metrics`, { headers: { Connection: 'close' } })).text();
      return Object.fromEntries(
        ['clients', 'nodes', 'connections_opened_total'].map((name) => [
          name,
          Number(new RegExp(`^fanfare_${name} (\\d+)$`, 'm').exec(text)?.[1]),
        ]),
      );
    };
    // Whichever worker is met.
    for (let n = 0; n < 4; n++) {
      await vi.waitFor(
        async () => expect(await figures(here)).toEqual({ clients: 4, nodes: 4, connections_opened_total: 4 }),
        { timeout: 15_000 },
      );
      expect(await figures(there)).toMatchObject({ clients: 1, connections_opened_total: 1 });
    }
    for (const client of clients) client.disconnect();
  });
});
