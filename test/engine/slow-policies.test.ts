/** What each policy for slow readers does, and what it leaves alone: other channels, replies, joins, other subscribers. */

import { describe, expect, test } from 'vitest';
import { type ChannelOptions, channel } from '../../src/engine/channels/channel-options.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import { channelName } from '../support/engine/channel-name.js';
import { type EngineClient, EngineNode } from '../support/engine/node.js';

const open = { subscribe: 'anyone', publish: 'anyone' } as const;
const maxQueueBytes = 50_000;

type Rules = Readonly<Record<string, ChannelOptions>>;

function start(rules: Rules): Promise<EngineNode> {
  const channels = Object.fromEntries(
    Object.entries(rules).map(([name, rule]) => [`${name}:{x}`, channel({ ...open, ...rule })]),
  );
  return EngineNode.start({ channels, limits: { maxQueueBytes, commandsPerSec: 0, pingIntervalMs: 0 } });
}

async function subscribed(engine: EngineNode, ...channels: readonly string[]): Promise<EngineClient> {
  const client = await engine.connect();
  for (const name of channels) expect(await client.command('subscribe', { channel: name })).toBeTypeOf('object');
  return client;
}

async function publish(engine: EngineNode, name: string, data: unknown, key?: string): Promise<void> {
  const at = channelName(name);
  const rule = engine.node.ports.rules.match(at);
  if (rule === undefined) throw new Error('no rule');
  const text = trustedJsonText(JSON.stringify(data));
  const { publishing } = engine.node.ports;
  if (key === undefined) await publishing.publish(at, rule, text, {});
  else await engine.operations.changeMap(at, { key, data: text, removed: false }, {});
  await engine.clock.settle();
}

/** The line takes no more: what is written waits in the queue, as the engine sees it. */
function stall({ connection }: EngineClient): void {
  const write = connection.write.bind(connection);
  connection.bufferedBytes = 1;
  connection.write = (bytes) => {
    connection.bufferedBytes += bytes.length;
    write(bytes);
  };
}

async function flow(engine: EngineNode, { connection }: EngineClient): Promise<void> {
  const write = Object.getPrototypeOf(connection).write.bind(connection);
  connection.bufferedBytes = 0;
  connection.write = write;
  await engine.clock.advance(40);
}

function dataIn(client: EngineClient, name: string): unknown[] {
  const pushes = client.messages.flatMap(({ push }) => (push === undefined ? [] : [push as Record<string, unknown>]));
  return pushes.flatMap(({ channel: of, pub }) =>
    of === name && pub !== undefined ? [(pub as { data: unknown }).data] : [],
  );
}

const countsOf = ({ node }: EngineNode, name: string) => {
  const counts = node.ports.rules.match(channelName(name))?.counts;
  if (counts === undefined) throw new Error('no rule');
  return counts;
};

describe('latest', () => {
  test('the newest of each key waits, others wait for nothing, and all is counted', async () => {
    const engine = await start({ state: { slow: 'latest', map: {} } });
    const [slow, fast] = [await engine.connect(), await engine.connect()];
    for (const client of [slow, fast]) {
      await client.command('subscribe', { channel: 'state:1', type: 1, phase: 2 });
      await client.command('subscribe', { channel: 'state:1', type: 1, phase: 0 });
    }
    stall(slow);
    const { length } = slow.messages;
    for (const [key, n] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['c', 4],
      ['b', 5],
    ] as const) {
      await publish(engine, 'state:1', n, key);
    }
    expect(slow.messages).toHaveLength(length);
    expect(dataIn(fast, 'state:1')).toEqual([1, 2, 3, 4, 5]);
    await flow(engine, slow);
    expect(dataIn(slow, 'state:1')).toEqual([3, 4, 5]);
    expect(countsOf(engine, 'state:1')).toMatchObject({ slowConflated: 2, publicationsOut: 8 });
  });

  test('bounds what a stopped reader costs, whatever is published', async () => {
    const engine = await start({ state: { slow: 'latest' } });
    const client = await subscribed(engine, 'state:1');
    stall(client);
    const before = client.connection.bufferedBytes;
    for (let n = 0; n < 200; n++) await publish(engine, 'state:1', 'x'.repeat(1_000));
    expect(client.connection.bufferedBytes).toBe(before);
    expect(client.closeCode).toBeUndefined();
  });
});

describe('one connection with channels of all policies', () => {
  const rules = {
    newest: { slow: 'latest' },
    last: { slow: { dropOldest: 2 } },
    all: { slow: 'recover', history: { size: 100 } },
    cut: {},
  } as const satisfies Rules;
  const names = ['newest:1', 'last:1', 'all:1', 'cut:1'] as const;

  test('each channel keeps its word', async () => {
    const engine = await start(rules);
    const client = await subscribed(engine, ...names);
    stall(client);
    for (let n = 1; n <= 90; n++) for (const name of names) await publish(engine, name, n);
    const upTo90 = Array.from({ length: 90 }, (_, n) => n + 1);
    // What is closed when its queue is full has everything in there.
    expect(names.map((name) => dataIn(client, name))).toEqual([[], [], [], upTo90]);
    await flow(engine, client);
    expect(names.map((name) => dataIn(client, name))).toEqual([[90], [89, 90], upTo90, upTo90]);
    expect(countsOf(engine, 'newest:1').slowConflated).toBe(89);
    expect(countsOf(engine, 'last:1').slowDropped).toBe(88);
    expect(countsOf(engine, 'all:1')).toMatchObject({ slowResumed: expect.any(Number), slowLost: 0 });
    expect(countsOf(engine, 'all:1').slowResumed).toBeGreaterThan(20);
  });

  test('that which disconnects does so at its limit, and only its rule has cut off', async () => {
    const engine = await start(rules);
    const client = await subscribed(engine, ...names);
    stall(client);
    for (let n = 0; n < 70; n++) await publish(engine, 'newest:1', 'x'.repeat(1_000));
    expect(client.closeCode).toBeUndefined();
    for (let n = 0; n < 70; n++) await publish(engine, 'cut:1', 'x'.repeat(1_000));
    expect(client.closeCode).toBe(3008);
    expect(names.map((name) => countsOf(engine, name).slowCutOff)).toEqual([0, 0, 0, 1]);
    expect(engine.node.ports.slowReaders.numOf(countsOf(engine, 'newest:1'))).toBe(0);
  });

  test('replies, and joins and leaves, wait behind nothing', async () => {
    const engine = await start({ room: { slow: 'latest', joinLeave: 'push', presence: true } });
    const client = await subscribed(engine, 'room:1');
    stall(client);
    for (let n = 0; n < 3; n++) await publish(engine, 'room:1', n);
    expect(await client.command('presence', { channel: 'room:1' })).toBeTypeOf('object');
    const other = await subscribed(engine, 'room:1');
    await engine.clock.advance(40);
    expect(client.pushes('join')).toHaveLength(2);
    expect(dataIn(client, 'room:1')).toEqual([]);
    await flow(engine, client);
    expect([dataIn(client, 'room:1'), dataIn(other, 'room:1')]).toEqual([[2], []]);
  });
});

describe('recover', () => {
  test('a history that is too short ends the subscription with 2500, and is said in the log', async () => {
    const engine = await start({ log: { slow: 'recover', history: { size: 5 } } });
    const client = await subscribed(engine, 'log:1');
    stall(client);
    for (let n = 0; n < 200; n++) await publish(engine, 'log:1', n);
    await flow(engine, client);
    expect(client.pushes('unsubscribe')).toEqual([{ code: 2500, reason: expect.any(String) }]);
    expect(dataIn(client, 'log:1')).toEqual([]);
    expect(countsOf(engine, 'log:1')).toMatchObject({ slowLost: 1, slowResumed: 0 });
  });

  test('is refused without what it needs, and so is a map that would forget changes', () => {
    const wrong: [ChannelOptions, RegExp][] = [
      [{ slow: 'recover' }, /needs a history/],
      [{ slow: 'recover', history: { size: 1 }, recovery: 'cache' }, /recovery "stream"/],
      [{ slow: 'recover', history: { size: 1 }, maxRate: { max: 5 } }, /write slow "latest"/],
      [{ slow: { dropOldest: 5 }, map: {} }, /write slow "latest"/],
      [{ slow: { dropOldest: 0 } }, /from 1 to 10000/],
      [{ slow: { dropOldest: 2, other: 1 } as never }, /the key other/],
      [{ slow: 'newest' as never }, /must be "disconnect"/],
    ];
    for (const [rule, message] of wrong) {
      expect(() => new EngineNode({ channels: { 'a:{x}': channel(rule) } }), JSON.stringify(rule)).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringMatching(message) }),
      );
    }
  });
});

describe('whatever the policy', () => {
  test.each(['latest', 'recover'] as const)(
    '%s: a connection that the server closes gets what may wait',
    async (slow) => {
      const engine = await start({ room: { slow, history: { size: 10 } } });
      const client = await subscribed(engine, 'room:1');
      stall(client);
      for (let n = 0; n < 3; n++) await publish(engine, 'room:1', n);
      await engine.close();
      expect(client.closeCode).toBe(3001);
      // A client recovers from what it has seen: where all is to come, that has to be all.
      expect(dataIn(client, 'room:1')).toEqual(slow === 'latest' ? [2] : []);
    },
  );

  test('a reload changes the policy for those who become slow, and who is slow goes on', async () => {
    const engine = await start({ room: { slow: 'latest' } });
    const [one, two] = [await subscribed(engine, 'room:1'), await subscribed(engine, 'room:1')];
    stall(one);
    for (let n = 0; n < 3; n++) await publish(engine, 'room:1', n);
    const rule = channel({ ...open, slow: { dropOldest: 2 } });
    engine.node.prepareChange({ channels: { 'room:{x}': rule }, limits: { maxQueueBytes } })();
    await engine.clock.advance(100);
    for (let n = 3; n < 5; n++) await publish(engine, 'room:1', n);
    await flow(engine, one);
    expect(dataIn(one, 'room:1')).toEqual([4]);
    stall(two);
    for (let n = 5; n < 9; n++) await publish(engine, 'room:1', n);
    await flow(engine, two);
    expect(dataIn(two, 'room:1')).toEqual([0, 1, 2, 3, 4, 7, 8]);
    expect(dataIn(one, 'room:1')).toEqual([4, 5, 6, 7, 8]);
  });

  test('the time since which the slowest is not up to date shows in the metrics', async () => {
    const engine = await start({ room: { slow: 'latest' } });
    const client = await subscribed(engine, 'room:1');
    const { slowReaders } = engine.node.ports;
    const counts = countsOf(engine, 'room:1');
    stall(client);
    await publish(engine, 'room:1', 1);
    await engine.clock.advance(3_000);
    expect([slowReaders.numOf(counts), slowReaders.slowestMs(counts)]).toEqual([1, 3_000]);
    await flow(engine, client);
    expect([slowReaders.numOf(counts), slowReaders.slowestMs(counts)]).toEqual([0, 0]);
    expect(engine.clock.numTimers).toBeLessThan(20);
  });
});
