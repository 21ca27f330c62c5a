/** Deltas with two nodes and a broker: the base of a publication is what this node has delivered before, wherever it came from. */

import { Centrifuge } from 'centrifuge';
import { channel, fanfare } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { brokerServers } from '../support/brokers/servers.js';
import { gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { FaultProxy } from '../support/network/fault-proxy.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const board = (n: number) => ({ title: 'Ünïcödé 😀 板', rows: Array(30).fill('Ålesund – Brann'), n });

/** RabbitMQ takes longer to start than all of this; the shared suite shows that what it keeps comes back byte for byte. */
const { redis, nats } = brokerServers;

describe.each(Object.entries({ redis, nats }))('%s', (_, { isMissing, start, at }) => {
  if (isMissing()) return test.skip('its program is missing');

  test('publications of both nodes, live and recovered, decode to what was published', {
    timeout: 120_000,
  }, async () => {
    const server = await start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const apps = [1, 2].map(() =>
      fanfare({
        anonymous: true,
        broker: at(server.url),
        channels: {
          'board:{id}': channel({ subscribe: 'anyone', history: { size: 50 }, delta: true, compaction: true }),
        },
        log,
      }),
    );
    const ports: number[] = [];
    for (const app of apps) {
      ports.push((await app.listen(0)).port);
      onTestFinished(() => app.close(500));
    }
    const proxy = await FaultProxy.start({ port: ports[0] ?? 0 });
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const watch = async (port: number) => {
      const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, {
        websocket: WebSocket,
        minReconnectDelay: 1,
        maxReconnectDelay: 5,
      });
      onTestFinished(() => client.disconnect());
      const room = client.newSubscription('board:1', { delta: 'fossil' });
      const received = gather(room, 'publication', ({ data }) => data);
      client.connect();
      room.subscribe();
      await room.ready(20_000);
      return { room, received };
    };
    const publish = async (from: number, to: number) => {
      for (let n = from; n < to; n++) await apps[n % 2]?.publish('board:1', board(n));
    };
    // One is cut off, the other keeps the node's base: what follows the recovery is a delta to history, not to the live stream.
    const [cut, other, far] = [await watch(proxy.port), await watch(ports[0] ?? 0), await watch(ports[1] ?? 0)];
    await publish(0, 6);
    await cut.received.atLeast(6);
    const again = nextEvent(cut.room, 'subscribed');
    proxy.cut();
    await publish(6, 10);
    await other.received.atLeast(10);
    proxy.restore();
    expect(await again).toMatchObject({ recovered: true });
    await publish(10, 16);
    const all = Array.from({ length: 16 }, (__, n) => board(n));
    for (const { received } of [cut, other, far]) expect(await received.atLeast(16)).toEqual(all);
    expect(other.room.deltaStats()).toMatchObject({ numFullPayloads: 1, numDeltaPayloads: 15 });
    expect(far.room.deltaStats()).toMatchObject({ numFullPayloads: 1, numDeltaPayloads: 15 });
    expect(cut.room.deltaStats()).toMatchObject({ numFullPayloads: 5, numDeltaPayloads: 11 });
  });
});
