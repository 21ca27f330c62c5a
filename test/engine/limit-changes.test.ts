/** Limits that are replaced while clients are connected: from when they count, and for whom. */

import { expect, test } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import { encodeMessage } from '../../src/engine/channels/publishing.js';
import type { EngineLimits } from '../../src/engine/ports/limits.js';
import { type EngineClient, EngineNode } from '../support/engine/node.js';

const channels = { news: channel({ subscribe: 'anyone', publish: 'anyone' }) };
let engine: EngineNode;

async function start(limits: Partial<EngineLimits>): Promise<void> {
  engine = await EngineNode.start({ channels, limits });
}

async function change(limits: Partial<EngineLimits>): Promise<void> {
  engine.node.prepareChange({ channels, limits })();
  await engine.clock.settle();
}

/** How many of so many commands in a row are answered; the others are refused with 111. */
async function numAnswered(client: EngineClient, of: number): Promise<number> {
  let answered = 0;
  for (let n = 0; n < of; n++) {
    const outcome = await client.command('publish', { channel: 'news', data: n });
    if (outcome === 111) continue;
    expect(outcome).toEqual({});
    answered++;
  }
  return answered;
}

test('commandsPerSec: lower, higher, none and back, each for who is there, beginning with a full bucket', async () => {
  await start({ commandsPerSec: 1, commandBurst: 10, pingIntervalMs: 0 });
  const client = await engine.connect({ sub: 'ann' });
  await change({ commandsPerSec: 1, commandBurst: 3, pingIntervalMs: 0 });
  expect(await numAnswered(client, 4)).toBe(3);
  await change({ commandsPerSec: 2, commandBurst: 6, pingIntervalMs: 0 });
  expect(await numAnswered(client, 8)).toBe(6);
  await change({ commandsPerSec: 0, pingIntervalMs: 0 });
  expect(await numAnswered(client, 50)).toBe(50);
  await change({ commandsPerSec: 1, commandBurst: 2, pingIntervalMs: 0 });
  expect(await numAnswered(client, 3)).toBe(2);
  expect(client.closeCode).toBeUndefined();
});

test('commandsPerSecPerUser: over all connections of a user, and gone when it is taken away', async () => {
  await start({ pingIntervalMs: 0 });
  const clients = [await engine.connect({ sub: 'ann' }), await engine.connect({ sub: 'ann' })];
  const other = await engine.connect({ sub: 'bob' });
  await change({ commandsPerSecPerUser: 1, pingIntervalMs: 0 });
  let answered = 0;
  for (const client of clients) answered += await numAnswered(client, 4);
  expect(answered).toBe(5);
  expect(await numAnswered(other, 5)).toBe(5);
  await change({ pingIntervalMs: 0 });
  for (const client of clients) expect(await numAnswered(client, 10)).toBe(10);
});

test('maxConnectionsPerUser: who is there stays and counts; newcomers are refused until there is room', async () => {
  await start({ pingIntervalMs: 0 });
  const there = await Promise.all(Array.from({ length: 3 }, () => engine.connect({ sub: 'ann' })));
  const connect = () => engine.open().command('connect', { token: JSON.stringify({ sub: 'ann' }) });
  await change({ maxConnectionsPerUser: 2, pingIntervalMs: 0 });
  expect(there.map(({ closeCode }) => closeCode)).toEqual([undefined, undefined, undefined]);
  expect(await connect()).toBe(106);
  for (const client of there.slice(0, 2)) client.session.connectionClosed();
  await engine.clock.settle();
  expect(await connect()).toBeTypeOf('object');
  expect(await connect()).toBe(106);
  await change({ maxConnectionsPerUser: 3, pingIntervalMs: 0 });
  expect(await connect()).toBeTypeOf('object');
  expect(await connect()).toBe(106);
  await change({ maxConnectionsPerUser: 0, pingIntervalMs: 0 });
  for (let n = 0; n < 5; n++) expect(await connect()).toBeTypeOf('object');
  await change({ maxConnectionsPerUser: 9, pingIntervalMs: 0 });
  // Eight are there: one that stayed, two, and five.
  expect(await connect()).toBeTypeOf('object');
  expect(await connect()).toBe(106);
});

test('pingInterval: who is there is pinged as it was told, newcomers as they are told; nobody is cut', async () => {
  await start({ pingIntervalMs: 20_000, pongTimeoutMs: 5_000 });
  const early = await engine.connect({ sub: 'ann' });
  await change({ pingIntervalMs: 4_000, pongTimeoutMs: 1_000 });
  const late = engine.open();
  expect(await late.command('connect', { token: '{"sub":"bob"}' })).toMatchObject({ ping: 4, pong: true });
  const numPings = ({ messages }: EngineClient) =>
    messages.filter((message) => Object.keys(message).length === 0).length;
  const answered = new Map<EngineClient, number>();
  const answering = async (seconds: number, ...clients: EngineClient[]) => {
    for (let half = 0; half < seconds * 2; half++) {
      await engine.clock.advance(500);
      for (const client of clients) {
        if (numPings(client) > (answered.get(client) ?? 0)) client.session.receive('{}');
        answered.set(client, numPings(client));
      }
    }
  };
  await answering(20, early, late);
  expect(numPings(early)).toBe(1);
  expect([4, 5]).toContain(numPings(late));
  expect([early.closeCode, late.closeCode]).toEqual([undefined, undefined]);
  // Each is given up by its own times.
  await answering(6, early);
  expect([early.closeCode, late.closeCode]).toEqual([undefined, 3012]);
  await engine.clock.advance(26_000);
  expect(early.closeCode).toBe(3012);
});

test('maxQueueBytes: what waits for a client that is there is measured by the new one from the next message on', async () => {
  await start({ maxQueueBytes: 100_000, pingIntervalMs: 0 });
  const clients = [await engine.connect({ sub: 'ann' }), await engine.connect({ sub: 'bob' })];
  for (const client of clients) await client.command('subscribe', { channel: 'news' });
  const [slow, quick] = clients;
  if (slow !== undefined) slow.connection.bufferedBytes = 80_000;
  const publish = async () => {
    await engine.operations.publish('news', encodeMessage('x'), {});
    await engine.clock.settle();
  };
  await publish();
  expect(slow?.closeCode).toBeUndefined();
  await change({ maxQueueBytes: 70_000, pingIntervalMs: 0 });
  expect(slow?.closeCode).toBeUndefined();
  await publish();
  expect([slow?.closeCode, quick?.closeCode]).toEqual([3008, undefined]);
  if (quick !== undefined) quick.connection.bufferedBytes = 80_000;
  await change({ maxQueueBytes: 100_000, pingIntervalMs: 0 });
  await publish();
  expect(quick?.closeCode).toBeUndefined();
});
