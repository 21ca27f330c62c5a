/** Which publications share a command, which do not, and who gets which error. */

import { expect, test } from 'vitest';
import { idempotencyWindowMs } from '../../engine/ports/broker.js';
import { type OutgoingPublication, publishAll } from './publish-command.js';
import { PublishQueue } from './publish-queue.js';

const script = { source: '', sha: 'publish' };
const kept = { placeKey: 'p', streamKey: 's', size: 10, ttlMs: 1_000, placeTtlMs: 2_000, newEpoch: 'e' };
const plain = (text: string): OutgoingPublication => ({ bus: 'bus', text });

function made({ maxUnanswered = 100, maxBatch = 3, answers = [] as unknown[] } = {}) {
  const commands: (readonly string[])[] = [];
  const send = (command: readonly string[]) => {
    commands.push(command);
    const answer = answers.shift() ?? [];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const way = {
    send,
    run: ({ sha }: typeof script, keys: readonly string[], args: readonly string[]) => send([sha, ...keys, ...args]),
  };
  const queue = new PublishQueue({ publish: (batch) => publishAll(way, script, batch), maxUnanswered, maxBatch });
  return { queue, commands };
}

test('a publication that is delivered only is one plain command', async () => {
  const { queue, commands } = made();
  expect(await queue.add(plain('0:1'))).toEqual({ position: { offset: 0, epoch: '' }, duplicate: false });
  expect(commands).toEqual([['SPUBLISH', 'bus', 'p0::0:1']]);
});

test('those of one turn leave together, in the order of the calls, a few at a time', async () => {
  const { queue, commands } = made({ answers: [['', '7', 'e', 'new', ''], []] });
  const published = await Promise.all([
    queue.add(plain('a')),
    queue.add({ bus: 'other', text: 'b', kept, onceKey: 'once' }),
    queue.add(plain('c')),
    queue.add(plain('d')),
  ]);
  expect(published.map(({ position }) => position.offset)).toEqual([0, 7, 0, 0]);
  expect(commands).toEqual([
    `publish bus other p s once bus ${idempotencyWindowMs}  a ko b 10 1000 2000 e  c`.split(' '),
    ['SPUBLISH', 'bus', 'p0::d'],
  ]);
});

test('one that fails on the server fails alone, and a known key is a duplicate', async () => {
  const { queue } = made({ answers: [['0', 'WRONGTYPE', 'failed', '3', 'e', 'known']] });
  const [failed, known] = await Promise.allSettled([
    queue.add({ bus: 'bus', text: 'a', kept }),
    queue.add({ bus: 'bus', text: 'b', onceKey: 'once' }),
  ]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'ERR_HISTORY_BROKEN' } });
  expect(known).toMatchObject({ value: { position: { offset: 3, epoch: 'e' }, duplicate: true } });
});

test('a command that fails is a failure for all in it, and an answer that is too short for those without one', async () => {
  const lost = new Error('the connection has ended');
  const { queue } = made({ answers: [lost, ['', '1', 'e']] });
  const both = () => [plain('a'), { ...plain('b'), kept }].map((each) => queue.add(each));
  expect(await Promise.allSettled(both())).toMatchObject([{ reason: lost }, { reason: lost }]);
  expect(await Promise.allSettled(both())).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'ERR_BROKER' } }]);
});

test('more than it may keep are refused at once, until answers come', async () => {
  const { queue, commands } = made({ maxUnanswered: 2, answers: [['', '']] });
  const taken = [queue.add(plain('a')), queue.add(plain('b'))];
  await expect(queue.add(plain('c'))).rejects.toMatchObject({ code: 'ERR_BROKER' });
  await Promise.all(taken);
  await queue.add(plain('d'));
  expect(commands).toHaveLength(2);
});

test('what was added leaves before what is sent after a flush', async () => {
  const { queue, commands } = made();
  const added = queue.add(plain('a'));
  queue.flush();
  expect(commands).toHaveLength(1);
  await added;
});
