/** What slow readers cost and how they get on in the worst case: keys without end, and lines that others fill. */

import { afterEach, describe, expect, test, vi } from 'vitest';
import { type ChannelOptions, channel } from '../../src/engine/channels/channel-options.js';
import { NewestByKey } from '../../src/engine/fanout/slow/newest-by-key.js';
import { FanfareError } from '../../src/model/fanfare-error.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { channelName } from '../support/engine/channel-name.js';
import { type EngineClient, EngineNode } from '../support/engine/node.js';

const state = channelName('state:1');
const chat = channelName('chat:1');
const keysPerStep = 200;

afterEach(() => vi.restoreAllMocks());

function start(rules: Readonly<Record<string, ChannelOptions>>, maxQueueBytes = 1_048_576): Promise<EngineNode> {
  const channels = Object.fromEntries(
    Object.entries(rules).map(([pattern, rule]) => [pattern, channel({ subscribe: 'anyone', ...rule })]),
  );
  return EngineNode.start({ channels, limits: { maxQueueBytes, commandsPerSec: 0, pingIntervalMs: 0 } });
}

async function reader(engine: EngineNode): Promise<EngineClient> {
  const client = await engine.connect();
  await client.command('subscribe', { channel: state, type: 1, phase: 2 });
  return client;
}

/** Sets keys that were never there before, and removes them. */
async function comeAndGo(engine: EngineNode, step: number): Promise<void> {
  const data = trustedJsonText('null');
  for (const removed of [false, true]) {
    const keys = Array.from({ length: keysPerStep }, (_, n) => `${step}-${n}`);
    await Promise.all(keys.map((key) => engine.operations.changeMap(state, { key, data, removed }, {})));
    await engine.clock.settle();
  }
}

/** Notes how many keys wait. */
function mostWaiting(): { most: number } {
  const seen = { most: 0 };
  const { add } = NewestByKey.prototype;
  vi.spyOn(NewestByKey.prototype, 'add').mockImplementation(function (this: NewestByKey<unknown>, ...item) {
    add.apply(this, item);
    seen.most = Math.max(seen.most, this.size);
  });
  return seen;
}

const countsIn = ({ node }: EngineNode, name = state) => node.ports.rules.match(name)?.counts;

describe('keys of a map that come and go', () => {
  test('are forgotten once all slow readers have them, though there is always some slow reader', async () => {
    const engine = await start({ 'state:{x}': { slow: 'latest', map: { size: keysPerStep } } });
    const clients = [await reader(engine), await reader(engine)];
    const waiting = mostWaiting();
    for (let step = 0; step < 40; step++) {
      // One after the other is slow; never nobody.
      const [one, two] = step % 2 === 0 ? clients : clients.toReversed();
      if (one !== undefined) one.connection.bufferedBytes = 1;
      await comeAndGo(engine, step);
      if (two !== undefined) two.connection.bufferedBytes = 0;
      await engine.clock.advance(40);
      expect(countsIn(engine)?.slowLost).toBe(0);
    }
    expect(waiting.most).toBeLessThan(3 * 1_024);
    for (const client of clients) client.connection.bufferedBytes = 0;
    await engine.clock.advance(40);
    for (const client of clients) {
      expect(client.pushes('pub').at(-1)).toMatchObject({ key: `39-${keysPerStep - 1}`, removed: true });
    }
  });

  test('do not pile up for a reader that never reads: it begins anew', async () => {
    const engine = await start({ 'state:{x}': { slow: 'latest', map: { size: keysPerStep } } });
    const [stopped, other] = [await reader(engine), await reader(engine)];
    const waiting = mostWaiting();
    stopped.connection.bufferedBytes = 1;
    for (let step = 0; step < 20; step++) await comeAndGo(engine, step);
    expect(waiting.most).toBeLessThan(3 * 1_024);
    expect(stopped.pushes('unsubscribe')).toMatchObject([{ code: 2500 }]);
    expect(countsIn(engine)).toMatchObject({ slowLost: 1 });
    expect(other.pushes('unsubscribe')).toEqual([]);
    stopped.connection.bufferedBytes = 0;
    expect(await stopped.command('subscribe', { channel: state, type: 1, phase: 2 })).toBeTypeOf('object');
  });
});

test('what waits leaves in portions that fit, also where keys and names are much longer than the data', async () => {
  const name = channelName(`state:${'n'.repeat(180)}`);
  const engine = await start({ 'state:{x}': { slow: 'latest', map: { size: 5_000 } } });
  const client = await engine.connect();
  await client.command('subscribe', { channel: name, type: 1, phase: 2 });
  client.connection.bufferedBytes = 1;
  const keys = Array.from({ length: 4_000 }, (_, n) => `${n}`.padEnd(100, 'k'));
  const data = trustedJsonText('0');
  await Promise.all(keys.map((key) => engine.operations.changeMap(name, { key, data, removed: false }, {})));
  await engine.clock.settle();
  client.connection.bufferedBytes = 0;
  await engine.clock.advance(2_000);
  expect(client.closeCode).toBeUndefined();
  expect(client.pushes('pub').map((pub) => (pub as { readonly key: string }).key)).toEqual(keys);
});

test('a beat with more than the queue holds waits, and leaves in portions', async () => {
  const engine = await start({ 'state:{x}': { slow: 'latest', map: {}, maxRate: { default: 1 } } });
  const client = await reader(engine);
  const keys = Array.from({ length: 100 }, (_, n) => `k${n}`);
  const data = trustedJsonText(JSON.stringify('x'.repeat(20_000)));
  const set = (key: string) => engine.operations.changeMap(state, { key, data, removed: false }, {});
  await set('first');
  await engine.clock.settle();
  await Promise.all(keys.map(set));
  await engine.clock.advance(3_000);
  expect(client.closeCode).toBeUndefined();
  expect(client.pushes('pub').map((pub) => (pub as { readonly key: string }).key)).toEqual(['first', ...keys]);
});

test('many short messages in one turn are no reason to take a fast reader for a slow one', async () => {
  const engine = await start({ 'chat:{x}': { slow: { dropOldest: 5 } } }, 65_536);
  const client = await engine.connect();
  await client.command('subscribe', { channel: chat });
  const sent = Array.from({ length: 200 }, (_, n) => n);
  await Promise.all(sent.map((n) => engine.operations.publish(chat, trustedJsonText(`${n}`), {})));
  await engine.clock.settle();
  expect(client.pushes('pub').map((pub) => (pub as { readonly data: number }).data)).toEqual(sent);
  expect(countsIn(engine, chat)).toMatchObject({ slowDropped: 0 });
});

test('recover: a history that cannot be read ends the subscription, and nothing else', async () => {
  const engine = await start({ 'chat:{x}': { slow: 'recover', history: { size: 1_000 } } });
  const client = await engine.connect();
  await client.command('subscribe', { channel: chat });
  client.connection.bufferedBytes = 1;
  for (let n = 0; n < 100; n++) {
    await engine.operations.publish(chat, trustedJsonText(`${n}`), {});
    await engine.clock.settle();
  }
  const { history } = engine.node.ports.broker;
  if (history === undefined) throw new Error('no history');
  vi.spyOn(history, 'read').mockRejectedValue(new FanfareError('ERR_HISTORY_BROKEN', 'a key of the channel is broken'));
  client.connection.bufferedBytes = 0;
  await engine.clock.advance(100);
  expect(client.pushes('unsubscribe')).toMatchObject([{ code: 2500 }]);
  expect(countsIn(engine, chat)).toMatchObject({ slowLost: 1 });
});

test('recover gets on though other channels fill the connection during each read of the history', async () => {
  const engine = await start({ 'chat:{x}': { slow: 'recover', history: { size: 1_000 } } });
  const client = await engine.connect();
  await client.command('subscribe', { channel: chat });
  client.connection.bufferedBytes = 1;
  const sent = Array.from({ length: 200 }, (_, n) => n);
  for (const n of sent) {
    await engine.operations.publish(chat, trustedJsonText(JSON.stringify({ n, text: 'x'.repeat(2_000) })), {});
    await engine.clock.settle();
  }
  const { history } = engine.node.ports.broker;
  if (history === undefined) throw new Error('no history');
  const read = history.read.bind(history);
  vi.spyOn(history, 'read').mockImplementation(async (...query) => {
    const page = await read(...query);
    client.connection.bufferedBytes = 1;
    return page;
  });
  for (let look = 0; look < 40; look++) {
    client.connection.bufferedBytes = 0;
    await engine.clock.advance(20);
  }
  expect(client.pushes('unsubscribe')).toEqual([]);
  expect(client.pushes('pub').map((pub) => (pub as { readonly data: { readonly n: number } }).data.n)).toEqual(sent);
  expect(countsIn(engine, chat)).toMatchObject({ slowLost: 0 });
});
