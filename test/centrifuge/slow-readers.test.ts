/** The official client on a line that stands still for a while, in both codecs: what each policy promises reaches the application. */

import { Centrifuge } from 'centrifuge';
import { channel, fanfare } from 'fanfare';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { nextEvent } from '../support/centrifuge/awaiting.js';
import { newProtobufClient } from '../support/centrifuge/protobuf-client.js';
import { FaultProxy } from '../support/network/fault-proxy.js';

/** More than the buffers of the kernel and of the proxy take. */
const numBehind = 150;
const padding = 'x'.repeat(100_000);

const kept = { subscribe: 'anyone', history: { size: 1_000 }, maxMessageBytes: 300_000 } as const;

const codecs = { json: (url: string) => new Centrifuge(url, { websocket: WebSocket }), protobuf } as const;

function protobuf(url: string): Centrifuge {
  return newProtobufClient(url, { websocket: WebSocket });
}

test.each(['json', 'protobuf'] as const)(
  '%s: complete, or the newest, in order and once, also over a cut',
  async (codec) => {
    const app = fanfare({
      anonymous: true,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      limits: { pingIntervalMs: 0 },
      channels: {
        'log:{x}': channel({ ...kept, slow: 'recover' }),
        'price:{x}': channel({ ...kept, slow: 'latest', delta: true }),
      },
    });
    const { port } = await app.listen(0);
    const proxy = await FaultProxy.start({ port });
    const client = codecs[codec](`ws://127.0.0.1:${proxy.port}/connection/websocket`);
    onTestFinished(async () => {
      client.disconnect();
      await proxy[Symbol.asyncDispose]();
      await app.close(0);
    });
    const [log, price] = (['log:a', 'price:a'] as const).map((name) => {
      const subscription = client.newSubscription(name, name === 'price:a' ? { delta: 'fossil' } : {});
      const seen: number[] = [];
      subscription.on('publication', ({ data }) => seen.push(data.n));
      subscription.subscribe();
      return { subscription, seen };
    });
    if (log === undefined || price === undefined) throw new Error('there are two');
    client.connect();
    for (const { subscription } of [log, price]) await subscription.ready(20_000);
    let n = 0;
    const publish = async () => {
      n++;
      for (const name of ['log:a', 'price:a'] as const) await app.publish(name, { n, padding });
    };
    /** The next publication, and everything before it. */
    const untilNewest = async () => {
      const newest = n + 1;
      const last = [log, price].map(({ subscription }) =>
        nextEvent(subscription, 'publication', ({ data }) => data.n === newest),
      );
      await publish();
      await Promise.all(last);
    };
    await untilNewest();
    proxy.setFaults({ blackHole: true }, 'toClient');
    for (let count = 0; count < numBehind; count++) {
      await publish();
      await new Promise((resolve) => setImmediate(resolve));
    }
    proxy.setFaults({});
    await untilNewest();
    const all = Array.from({ length: n }, (_, index) => index + 1);
    expect(log.seen).toEqual(all);
    expect(price.seen).toEqual(all.filter((each) => price.seen.includes(each)));
    expect(price.seen.length).toBeLessThan(n - 5);
    // Whoever comes back goes on from what it has seen.
    const numSeen = price.seen.length;
    proxy.cut();
    for (let count = 0; count < 5; count++) await publish();
    proxy.restore();
    await untilNewest();
    expect(log.seen.slice(-6)).toEqual([n - 5, n - 4, n - 3, n - 2, n - 1, n]);
    expect(price.seen.slice(numSeen)).toEqual(log.seen.slice(-6));
    expect(app.numClients).toBe(1);
  },
);
