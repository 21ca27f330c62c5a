/** A node that shuts down says so through every broker: the others do not wait for it, and forget its clients at once. */

import { describe, expect, test, vi } from 'vitest';
import { brokerServers } from '../support/brokers/servers.js';
import { call, startFleet, subscribed } from './plain-fleet.js';

const channel = 'chat:lobby';

describe.each(Object.entries(brokerServers))('two nodes and %s', (_, broker) => {
  test.skipIf(broker.isMissing())('G8: one that was told to end is gone for the other when it has ended', async () => {
    await using server = await broker.start();
    await using fleet = await startFleet([server.url, server.url]);
    const [first = '', second = ''] = fleet.urls;
    const nodesOf = async () => (await call(first, 'info', {})).result as { nodes: unknown[] };
    await vi.waitFor(async () => expect((await nodesOf()).nodes).toHaveLength(2));
    using ann = await subscribed(first, channel);
    using _bob = await subscribed(second, channel);
    const presentAre = async () => Object.keys((await ann.subscription.presence()).clients).length;
    await vi.waitFor(async () => expect(await presentAre()).toBe(2));
    const leaving = fleet.nodes[1];
    leaving?.signal('SIGTERM');
    expect((await leaving?.exited)?.code).toBe(0);
    // Its last word is quicker than any time-out; a silent node is given up after 10 s.
    await vi.waitFor(async () => expect((await nodesOf()).nodes).toHaveLength(1), { interval: 20 });
    expect(await presentAre()).toBe(1);
  });
});
