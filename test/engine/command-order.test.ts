/** Commands of one connection about one channel are done in the order in which they came; others go on meanwhile. */

import { describe, expect, test } from 'vitest';
import { channel } from '../../src/engine/channels/channel-options.js';
import { disconnectCodes } from '../../src/model/codes.js';
import { type EngineClient, EngineNode } from '../support/engine/node.js';

/** Answers of the application that a test gives when it likes. */
class Answers {
  readonly #waiting: (() => void)[] = [];

  readonly ask = (): Promise<true> => new Promise((resolve) => this.#waiting.push(() => resolve(true)));

  get asked(): number {
    return this.#waiting.length;
  }

  give(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }
}

async function start() {
  const answers = new Answers();
  const room = { subscribe: 'anyone', publish: 'subscriber', presence: 'subscriber', history: { size: 10 } } as const;
  const engine = await EngineNode.start({
    channels: {
      'room:{name}': channel(room),
      'slow:{name}': channel({ ...room, subscribe: answers.ask }),
      'moderated:{name}': channel({ ...room, publish: answers.ask }),
    },
    limits: { maxChannelsPerConnection: 2 },
  });
  return { engine, answers };
}

type Outcomes = readonly (readonly [id: number, outcome: unknown])[];

/** Replies in the order in which they came: the code of an error, or the method. */
function outcomes(client: EngineClient): Outcomes {
  return client.messages.flatMap(({ id, error, ...result }) => {
    if (typeof id !== 'number' || 'connect' in result) return [];
    // safe: the encoder is under test elsewhere
    return [[id, (error as { code: number } | undefined)?.code ?? Object.keys(result)[0]] as const];
  });
}

function historyOf(client: EngineClient): unknown[] {
  return client.messages.flatMap(({ history }) => {
    if (history === undefined) return [];
    // safe: as above
    return (history as { publications?: { data: unknown }[] }).publications?.map(({ data }) => data) ?? [];
  });
}

describe.each(['one frame', 'frames of their own'])('in %s', (how) => {
  async function run(name: string, commands: readonly object[]) {
    const { engine, answers } = await start();
    const client = engine.open();
    const lines = [{ connect: {} }, ...commands].map((command, n) => JSON.stringify({ id: n + 1, ...command }));
    if (how === 'one frame') client.session.receive(lines.join('\n'));
    else for (const line of lines) client.session.receive(line);
    await engine.clock.settle();
    // Whatever the application is asked, it takes its time.
    while (answers.asked > 0) {
      answers.give();
      await engine.clock.settle();
    }
    expect(client.closeCode, name).toBeUndefined();
    return client;
  }

  test.each(['room:a', 'slow:a', 'moderated:a'])('%s: subscribe, publish, history, presence, leave', async (name) => {
    const commands = [
      { subscribe: { channel: name } },
      { publish: { channel: name, data: 1 } },
      { publish: { channel: name, data: 2 } },
      { history: { channel: name, limit: -1 } },
      { presence: { channel: name } },
      { presence_stats: { channel: name } },
      { unsubscribe: { channel: name } },
      { publish: { channel: name, data: 3 } },
      { subscribe: { channel: name } },
    ];
    const client = await run(name, commands);
    const afterLeaving = name === 'moderated:a' ? 'publish' : 103;
    const expected = ['subscribe', 'publish', 'publish', 'history', 'presence', 'presence_stats', 'unsubscribe'];
    expect(outcomes(client)).toEqual([...expected, afterLeaving, 'subscribe'].map((outcome, n) => [n + 2, outcome]));
    expect(historyOf(client)).toEqual([1, 2]);
    expect(client.pushes('pub')).toMatchObject([{ data: 1 }, { data: 2 }]);
  });
});

describe('others go on', () => {
  test('what is about another channel, or none, does not wait', async () => {
    const { engine, answers } = await start();
    const client = await engine.connect();
    const slow = client.send('subscribe', { channel: 'slow:a' });
    const waiting = client.send('publish', { channel: 'slow:a', data: 1 });
    expect(await client.command('subscribe', { channel: 'room:b' })).toEqual(expect.anything());
    expect(await client.command('publish', { channel: 'room:b', data: 1 })).toEqual({});
    expect(await client.command('ping', {})).toEqual({});
    expect(outcomes(client).map(([id]) => id)).not.toContain(slow);
    answers.give();
    await engine.clock.settle();
    expect(outcomes(client).slice(-2)).toEqual([
      [slow, 'subscribe'],
      [waiting, 'publish'],
    ]);
  });

  test('another connection does not wait', async () => {
    const { engine, answers } = await start();
    const client = await engine.connect();
    client.send('subscribe', { channel: 'slow:a' });
    client.send('publish', { channel: 'slow:a', data: 1 });
    const other = await engine.connect();
    expect(await other.command('publish', { channel: 'slow:a', data: 1 })).toBe(103);
    answers.give();
    await engine.clock.settle();
  });

  test('an unsubscribe takes back a subscribe that has not been decided, and one after it is asked anew', async () => {
    const { engine, answers } = await start();
    const client = await engine.connect();
    client.send('subscribe', { channel: 'slow:a' });
    expect(await client.command('unsubscribe', { channel: 'slow:a' })).toEqual({});
    const again = client.send('subscribe', { channel: 'slow:a' });
    await engine.clock.settle();
    expect(answers.asked).toBe(2);
    answers.give();
    await engine.clock.settle();
    expect(outcomes(client)).toContainEqual([again, 'subscribe']);
    expect(client.session.subscriptions.size).toBe(1);
  });
});

describe('when the connection ends', () => {
  async function startWith(end: (client: EngineClient) => void) {
    const { engine, answers } = await start();
    const client = await engine.connect();
    for (const data of [1, 2]) client.send('publish', { channel: 'moderated:a', data });
    client.send('subscribe', { channel: 'moderated:a' });
    await engine.clock.settle();
    end(client);
    answers.give();
    await engine.clock.settle();
    return { engine, answers };
  }

  test('by its client, what it has published before still counts', async () => {
    const { engine, answers } = await startWith(({ session }) => session.connectionClosed());
    expect(answers.asked).toBe(1);
    answers.give();
    await engine.clock.settle();
    const reader = await engine.connect();
    await reader.command('subscribe', { channel: 'moderated:a' });
    await reader.command('history', { channel: 'moderated:a', limit: -1 });
    expect(historyOf(reader)).toEqual([1, 2]);
    expect(engine.node.ports.hub.numChannels).toBe(1);
  });

  test('by the server, what waits is dropped', async () => {
    const { answers } = await startWith(({ session }) => session.close(disconnectCodes.forceNoReconnect));
    expect(answers.asked).toBe(0);
  });
});

test('a failure does not hold up what comes after it', async () => {
  const engine = await EngineNode.start({
    channels: {
      a: channel({
        subscribe: 'anyone',
        publish: async () => {
          throw new Error('it fails on purpose');
        },
      }),
    },
  });
  const client = await engine.connect();
  client.send('publish', { channel: 'a', data: 1 });
  expect(await client.command('subscribe', { channel: 'a' })).toEqual(expect.anything());
  expect(outcomes(client)[0]).toEqual([2, 100]);
});

test('at the limit of channels, one that is being left makes room for the next', async () => {
  const { engine, answers } = await start();
  const client = await engine.connect();
  await client.command('subscribe', { channel: 'room:a' });
  await client.command('subscribe', { channel: 'moderated:b' });
  client.send('publish', { channel: 'moderated:b', data: 1 });
  client.send('unsubscribe', { channel: 'moderated:b' });
  const next = client.send('subscribe', { channel: 'room:c' });
  expect(await client.command('subscribe', { channel: 'room:d' })).toBe(106);
  answers.give();
  await engine.clock.settle();
  expect(outcomes(client)).toContainEqual([next, 'subscribe']);
  expect([...client.session.subscriptions].map(({ channel: name }) => name)).toEqual(['room:a', 'room:c']);
});
