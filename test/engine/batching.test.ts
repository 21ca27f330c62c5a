/** A channel that gathers while the node is busy: what else its clients are told keeps its place behind publications. */

import { beforeEach, expect, test } from 'vitest';
import { type ChannelOptions, channel } from '../../src/engine/channels/channel-options.js';
import { encodeMessage } from '../../src/engine/channels/publishing.js';
import { disconnectCodes } from '../../src/model/codes.js';
import { type EngineClient, EngineNode } from '../support/engine/node.js';

const workMs = 10;
const rules = (options: ChannelOptions) => ({
  '{name}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 10 }, ...options }),
});

let engine: EngineNode;
let client: EngineClient;
let other: EngineClient;

const publish = async (data: unknown) => {
  await engine.operations.publish('news', encodeMessage(data), {});
  await engine.clock.settle();
};
const dataOf = ({ pushes }: { readonly pushes: unknown[] }) => pushes.map((pub) => (pub as { data: unknown }).data);
const received = (...clients: EngineClient[]) => clients.map((each) => dataOf({ pushes: each.pushes('pub') }));

beforeEach(async () => {
  const limits = { pingIntervalMs: 0 };
  engine = await EngineNode.start({ channels: rules({ batch: '20ms' }), limits });
  [client, other] = [await engine.connect(), await engine.connect()];
  for (const each of [client, other]) await each.command('subscribe', { channel: 'news' });
  engine.node.ports.turn.addOutbox({ flush: () => engine.clock.work(workMs) });
  engine.clock.endTurn();
});

test('its publications wait as long as the node has worked, and leave in one frame', async () => {
  const numFrames = client.connection.frames.length;
  for (const data of [1, 2, 3]) await publish(data);
  expect(received(client, other)).toEqual([[], []]);
  await engine.clock.advance(workMs);
  expect(received(client, other)).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(client.connection.frames).toHaveLength(numFrames + 1);
});

test.each([
  ['history', { channel: 'news', limit: 10 }],
  ['publish', { channel: 'news', data: 2 }],
  ['unsubscribe', { channel: 'news' }],
  ['presence', { channel: 'news' }],
])('the reply to %s, or its refusal, does not overtake what was published before', async (method, fields) => {
  await publish(1);
  await client.command(method, fields);
  expect(received(client)[0]?.[0]).toBe(1);
  expect(client.messages.at(-1)).toHaveProperty('id');
  expect(received(other)).toEqual([[]]);
  await engine.clock.advance(workMs);
  const all = method === 'publish' ? [1, 2] : [1];
  expect(received(client, other)).toEqual([all, all]);
});

test('a reply about another channel leaves with its turn', async () => {
  await publish(1);
  expect(await client.command('history', { channel: 'sport' })).toBeTypeOf('number');
  expect(received(client)).toEqual([[]]);
});

test('who is closed gets what was published before', async () => {
  await publish(1);
  client.session.close(disconnectCodes.shutdown);
  expect(received(client, other)).toEqual([[1], []]);
});

test('a node that closes sends what is gathered, and leaves no timer', async () => {
  await publish(1);
  await engine.close();
  expect(received(client, other)).toEqual([[1], [1]]);
  expect(engine.clock.numTimers).toBe(0);
});

test('a rule that gathers no more applies to those who are there', async () => {
  engine.node.prepareChange({ channels: rules({}), limits: {} })();
  await publish(1);
  expect(received(client, other)).toEqual([[1], [1]]);
});
