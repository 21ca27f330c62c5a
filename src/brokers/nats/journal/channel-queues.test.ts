import { describe, expect, test } from 'vitest';
import { channelName } from '../../../../test/support/engine/channel-name.js';
import { ChannelQueues, type QueueLimits } from './channel-queues.js';

const [news, chat] = [channelName('news'), channelName('chat')];

/** Queues whose rounds end when they are told to; a result is its task in capitals. */
function queuesOf(limits: QueueLimits = { maxWaiting: 1_000, maxWaitingChars: 1_000_000 }) {
  const rounds: { readonly tasks: readonly string[]; end(error?: Error): void }[] = [];
  const queues = new ChannelQueues<string, string>(limits, {
    name: 'letters',
    mayFollow: (first, next) => first[0] === next[0],
    run: (_, tasks) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) =>
          error === undefined ? resolve(tasks.map((task) => task.toUpperCase())) : reject(error);
        rounds.push({ tasks, end });
      }),
  });
  return { queues, rounds, add: (task: string, channel = news) => queues.add(channel, task, task.length) };
}

/** What has been resolved or rejected has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('queues of channels', () => {
  test('what comes during a round shares the next one, and each gets its own result', async () => {
    const { add, rounds } = queuesOf();
    const results = ['a1', 'a2', 'a3'].map((task) => add(task));
    expect(rounds.map(({ tasks }) => tasks)).toEqual([['a1']]);
    rounds[0]?.end();
    await settled();
    expect(rounds.map(({ tasks }) => tasks)).toEqual([['a1'], ['a2', 'a3']]);
    rounds[1]?.end();
    expect(await Promise.all(results)).toEqual(['A1', 'A2', 'A3']);
  });

  test('a round ends before a task that may not follow its first', async () => {
    const { add, rounds } = queuesOf();
    const results = ['a1', 'a2', 'b1', 'a3'].map((task) => add(task));
    for (let n = 0; n < 4; n++) {
      rounds[n]?.end();
      await settled();
    }
    expect(rounds.map(({ tasks }) => tasks)).toEqual([['a1'], ['a2'], ['b1'], ['a3']]);
    expect(await Promise.all(results)).toEqual(['A1', 'A2', 'B1', 'A3']);
  });

  test('a round has no more tasks, nor characters, than a message may have, but always one', async () => {
    const { add, rounds } = queuesOf();
    const large = 'a'.repeat(131_073);
    const results = [add('a'), ...Array.from({ length: 300 }, () => add('ab')), add(large), add('a')];
    for (let n = 0; n < 5; n++) {
      rounds[n]?.end();
      await settled();
    }
    expect(rounds.map(({ tasks }) => tasks.length)).toEqual([1, 256, 44, 1, 1]);
    await Promise.all(results);
  });

  test('channels do not wait for each other', () => {
    const { add, rounds } = queuesOf();
    void add('a1');
    void add('a2', chat);
    expect(rounds.map(({ tasks }) => tasks)).toEqual([['a1'], ['a2']]);
  });

  test('what would be too much, in number or characters, is refused at once, and room comes back', async () => {
    const { add, rounds } = queuesOf({ maxWaiting: 2, maxWaitingChars: 10 });
    const first = add('a1');
    await expect(add('a'.repeat(9), chat)).rejects.toMatchObject({ code: 'ERR_BROKER' });
    const second = add('a2', chat);
    await expect(add('a3')).rejects.toMatchObject({ code: 'ERR_BROKER' });
    for (const round of rounds) round.end();
    await Promise.all([first, second]);
    const again = add('a'.repeat(9));
    rounds[2]?.end();
    expect(await again).toBe('A'.repeat(9));
  });

  test('a round that fails refuses its tasks, and the next one goes on', async () => {
    const { add, rounds } = queuesOf();
    const [first, second] = [add('a1'), add('a2')];
    rounds[0]?.end(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await settled();
    rounds[1]?.end();
    expect(await second).toBe('A2');
  });
});
