/** Polls wait for data, one at a time, and a connection without polls ends. */

import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { Deadlines } from '../../engine/time/deadlines.js';
import { Turn } from '../../engine/time/turn.js';
import { disconnectCodes } from '../../model/codes.js';
import { Recipient } from '../recipient.js';
import { PollingConnection, type PollOutcome } from './connection.js';
import { Spacing } from './spacing.js';

const waitMs = 25_000;
const graceMs = 15_000;
/** Deadlines are accurate to the second. */
const toleranceMs = 1_000;

function start(spacingMs = 0) {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  let ends = 0;
  const connection = new PollingConnection(
    { clock, turn: new Turn(clock), deadlines, waitMs, graceMs, spacing: new Spacing(clock, spacingMs, () => 0) },
    () => ends++,
  );
  /** A poll whose answer can be inspected. */
  const poll = (ack: number, recipient = new Recipient()) => {
    const state: { answer?: PollOutcome } = {};
    void connection.poll(ack, recipient).outcome.then((answer) => (state.answer = answer));
    return state;
  };
  const texts = ({ answer }: { answer?: PollOutcome }) =>
    answer?.kind === 'batch' ? [answer.batch.seq, ...answer.batch.frames.map(String)] : answer;
  return { clock, deadlines, connection, poll, texts, numEnds: () => ends };
}

const frame = (text: string) => Buffer.from(`${text}\n`);

test('a poll hangs, and is answered with all that a turn has brought', async () => {
  const { clock, connection, poll, texts } = start();
  const first = poll(0);
  await clock.settle();
  expect(first.answer).toBeUndefined();
  connection.write(frame('a'));
  connection.write(frame('b'));
  await clock.settle();
  expect(texts(first)).toEqual([1, 'a\n', 'b\n']);
});

test('a poll is answered at once with what has come between two polls', async () => {
  const { clock, connection, poll, texts } = start();
  connection.write(frame('a'));
  connection.write(frame('b'));
  const first = poll(0);
  await clock.settle();
  expect(texts(first)).toEqual([1, 'a\n', 'b\n']);
});

test('what was not acknowledged comes again as it was, and counts as waiting until then', async () => {
  const { clock, connection, poll, texts } = start();
  connection.write(frame('a'));
  const lost = poll(0);
  await clock.settle();
  connection.write(frame('b'));
  expect(connection.bufferedBytes).toBe(4);
  const again = poll(0);
  await clock.settle();
  expect(again).toEqual(lost);
  const next = poll(1);
  await clock.settle();
  expect(texts(next)).toEqual([2, 'b\n']);
  expect(connection.bufferedBytes).toBe(2);
});

test('a poll without anything to deliver ends in time, and the connection lives on', async () => {
  const { clock, poll, numEnds } = start();
  const first = poll(0);
  await clock.advance(waitMs - toleranceMs);
  expect(first.answer).toBeUndefined();
  await clock.advance(2 * toleranceMs);
  expect(first.answer).toEqual({ kind: 'nothing', seq: 0 });
  await clock.advance(graceMs - 2 * toleranceMs);
  expect(numEnds()).toBe(0);
});

test('a newer poll ends the older one', async () => {
  const { clock, connection, poll, texts } = start();
  const [older, newer] = [poll(0), poll(0)];
  await clock.settle();
  expect(older.answer).toEqual({ kind: 'nothing', seq: 0 });
  connection.write(frame('a'));
  await clock.settle();
  expect(texts(newer)).toEqual([1, 'a\n']);
});

test('a poll that was overtaken on its way changes nothing', async () => {
  const { clock, connection, poll, texts } = start();
  connection.write(frame('a'));
  poll(0);
  const current = poll(1);
  const overtaken = poll(0);
  await clock.settle();
  expect(overtaken.answer).toEqual({ kind: 'late' });
  expect(current.answer).toBeUndefined();
  connection.write(frame('b'));
  await clock.settle();
  expect(texts(current)).toEqual([2, 'b\n']);
});

test('an acknowledgement of what was never sent is told from others', async () => {
  const { clock, connection, poll } = start();
  connection.write(frame('a'));
  const wrong = poll(2);
  await clock.settle();
  expect(wrong.answer).toEqual({ kind: 'impossible' });
});

test('G8: without a poll the connection ends after the grace time and lets go of everything', async () => {
  const { clock, deadlines, connection, poll, numEnds } = start();
  poll(0);
  connection.write(frame('a'));
  await clock.advance(graceMs - toleranceMs);
  expect(numEnds()).toBe(0);
  await clock.advance(2 * toleranceMs);
  expect(numEnds()).toBe(1);
  expect([connection.bufferedBytes, deadlines.size, clock.numTimers]).toEqual([0, 0, 0]);
});

test('G8: a client that goes away while it polls has the grace time to come back', async () => {
  const { clock, connection, poll, texts, numEnds } = start();
  const recipient = new Recipient();
  poll(0, recipient);
  await clock.advance(10_000);
  recipient.leave();
  await clock.advance(graceMs - toleranceMs);
  connection.write(frame('a'));
  const back = poll(0);
  await clock.settle();
  expect(texts(back)).toEqual([1, 'a\n']);
  await clock.advance(graceMs + toleranceMs);
  expect(numEnds()).toBe(1);
});

test('the last words wait for the client, and when it has them it is over', async () => {
  const { clock, connection, poll, texts, numEnds } = start();
  connection.write(frame('a'));
  connection.close(disconnectCodes.shutdown);
  connection.close(disconnectCodes.slow);
  connection.write(frame('after the end'));
  const last = poll(0);
  await clock.settle();
  const push = '{"push":{"disconnect":{"code":3001,"reason":"shutdown"}}}\n';
  expect(texts(last)).toEqual([1, 'a\n', push]);
  const again = poll(0);
  const over = poll(1);
  await clock.settle();
  expect(again).toEqual(last);
  expect(over.answer).toEqual({ kind: 'over' });
  expect(numEnds()).toBe(1);
});

test('a poll that hangs hears the last words at once', async () => {
  const { connection, clock, poll } = start();
  const hanging = poll(0);
  connection.close(disconnectCodes.shutdown);
  await Promise.resolve();
  await clock.settle();
  expect(hanging.answer?.kind).toBe('batch');
});

test('B38: nobody stays longer than 5 seconds after the last words, however it polls', async () => {
  const { clock, connection, poll, numEnds } = start();
  connection.write(frame('a'));
  connection.close(disconnectCodes.slow);
  for (let second = 0; second < 5; second++) {
    poll(0);
    await clock.advance(1_000);
  }
  expect(numEnds()).toBe(1);
  const late = poll(0);
  await clock.settle();
  expect(late.answer).toEqual({ kind: 'over' });
  expect(numEnds()).toBe(1);
});

test('batches keep their distance; the first after a pause, a repeated one and the last words go at once', async () => {
  const { clock, connection, poll, texts } = start(50);
  connection.write(frame('a'));
  const first = poll(0);
  await clock.settle();
  expect(texts(first)).toEqual([1, 'a\n']);
  const repeated = poll(0);
  await clock.settle();
  expect(repeated).toEqual(first);
  const second = poll(1);
  connection.write(frame('b'));
  await clock.advance(30);
  connection.write(frame('c'));
  await clock.advance(19);
  expect(second.answer).toBeUndefined();
  await clock.advance(1);
  expect(texts(second)).toEqual([2, 'b\n', 'c\n']);
  connection.write(frame('d'));
  const third = poll(2);
  await clock.advance(49);
  expect(third.answer).toBeUndefined();
  await clock.advance(1);
  expect(texts(third)).toEqual([3, 'd\n']);
  await clock.advance(50);
  const fourth = poll(3);
  connection.write(frame('e'));
  await clock.settle();
  expect(texts(fourth)).toEqual([4, 'e\n']);
  const last = poll(4);
  connection.write(frame('f'));
  await clock.settle();
  expect(last.answer).toBeUndefined();
  connection.close(disconnectCodes.shutdown);
  await clock.settle();
  expect(last.answer?.kind).toBe('batch');
});

test('what is large goes at once', async () => {
  const { clock, connection, poll } = start(50);
  connection.write(frame('a'));
  poll(0);
  const next = poll(1);
  connection.write(Buffer.alloc(16_383));
  await clock.settle();
  expect(next.answer).toBeUndefined();
  connection.write(Buffer.alloc(1));
  await clock.settle();
  expect(next.answer?.kind).toBe('batch');
});

test('a connection that ends while a batch keeps its distance leaves no timer', async () => {
  const { clock, connection, poll } = start(50);
  connection.write(frame('a'));
  poll(0);
  poll(1);
  connection.write(frame('b'));
  await clock.settle();
  expect(clock.numTimers).toBe(2);
  connection.end();
  expect(clock.numTimers).toBe(0);
});
