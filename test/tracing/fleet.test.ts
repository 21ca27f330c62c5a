/** One trace over two nodes: the request of a backend at one, the fan-out at the other, over each broker. */

import { channel, fanfare } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { subscribed } from '../cluster/plain-fleet.js';
import { brokerServers } from '../support/brokers/servers.js';
import { apiKey, postTo } from '../support/servers/api-server.js';
import { callerSpanId, idsOf, recordSpans, traceId, traceparent } from '../support/servers/recorded-spans.js';

const spans = recordSpans(0);
const options = { subscribe: 'anyone', publish: 'anyone' } as const;

describe.each(Object.entries(brokerServers))('over %s', (_, broker) => {
  async function node(url: string, tracing = true) {
    const app = fanfare({
      anonymous: true,
      tracing,
      broker: broker.at(url),
      log: silentLogger,
      channels: {
        'chat:{room}': channel({ ...options, history: { size: 10, read: 'anyone' } }),
        'plain:{room}': channel(options),
      },
    });
    onTestFinished(() => app.close(1_000));
    const { url: address } = await app.listen(0, { api: { keys: apiKey } });
    return { app, address };
  }

  test.skipIf(broker.isMissing())('a publication is delivered in the trace of the request', async () => {
    await using server = await broker.start();
    const [first, second] = [await node(server.url), await node(server.url)];
    const publish = (channel: string, headers: Record<string, string>) =>
      postTo(`${first.address}/api/publish`, { channel, data: 'payload-1' }, { 'X-API-Key': apiKey, ...headers });
    for (const name of ['chat:lobby', 'plain:lobby']) {
      using reader = await subscribed(second.address, name);
      spans.clear();
      const pattern = name.replace('lobby', '{room}');
      expect((await publish(name, { traceparent })).status).toBe(200);
      const delivery = await spans.named(`deliver ${pattern}`);
      const [request, publication] = [await spans.named('POST /api/publish'), await spans.named(`publish ${pattern}`)];
      expect(idsOf(request)).toMatchObject({ trace: traceId, parent: callerSpanId });
      expect(idsOf(publication)).toMatchObject({ trace: traceId, parent: idsOf(request).span });
      expect(idsOf(delivery)).toMatchObject({ trace: traceId, parent: idsOf(publication).span });
      expect(delivery.parentSpanContext?.isRemote).toBe(true);
      expect(delivery.attributes).toMatchObject({
        'messaging.system': 'fanfare',
        'messaging.destination.name': name,
        'messaging.destination.template': pattern,
        'fanfare.subscribers': 1,
      });
      expect(spans.all()).toHaveLength(3);
      // Neither the trace of a caller who records nothing is recorded, nor any that begins here.
      await publish(name, { traceparent: traceparent.replace(/01$/, '00') });
      await publish(name, {});
      await expect.poll(() => reader.received.length).toBe(3);
      expect(spans.all()).toHaveLength(3);
    }
  });

  test.skipIf(broker.isMissing())('a node that traces and one that does not understand each other', async () => {
    await using server = await broker.start();
    const [traced, other] = [await node(server.url), await node(server.url, false)];
    for (const [from, to] of [
      [traced, other],
      [other, traced],
    ] as const) {
      using reader = await subscribed(to.address, 'chat:lobby');
      spans.clear();
      const { status } = await postTo(
        `${from.address}/api/publish`,
        { channel: 'chat:lobby', data: 1 },
        { 'X-API-Key': apiKey, traceparent },
      );
      expect(status).toBe(200);
      await expect.poll(() => reader.received.length).toBe(1);
      expect(spans.all().map(({ name }) => name)).not.toContain('deliver chat:{room}');
    }
    const { body } = await postTo(
      `${other.address}/api/history`,
      { channel: 'chat:lobby', limit: -1 },
      { 'X-API-Key': apiKey },
    );
    // What is kept shows nothing of it to whoever reads.
    expect(body.result.publications).toEqual([
      { data: 1, offset: 1 },
      { data: 1, offset: 2 },
    ]);
  });

  test.skipIf(broker.isMissing())('an order to all nodes is carried out in the trace of the request', async () => {
    await using server = await broker.start();
    const [first, second] = [await node(server.url), await node(server.url)];
    await expect.poll(async () => (await first.app.info()).length).toBe(2);
    using reader = await subscribed(second.address, 'chat:lobby');
    spans.clear();
    await postTo(
      `${first.address}/api/disconnect`,
      { user: '', client: reader.id },
      { 'X-API-Key': apiKey, traceparent },
    );
    const [request, answer] = [await spans.named('POST /api/disconnect'), await spans.named('answer order')];
    expect(idsOf(answer)).toMatchObject({ trace: traceId, parent: idsOf(request).span });
  });
});
