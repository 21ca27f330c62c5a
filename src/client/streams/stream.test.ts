/** One stream from parts in any order in which they can come: what it says, what loops and promises get, and its ends. */

import { describe, expect, test } from 'vitest';
import { type ReceivedPart, readPart } from './received-part.js';
import { Stream } from './stream.js';

const cancel = async () => undefined;
const part = (fields: object): ReceivedPart => readPart(fields) as ReceivedPart;

function streamOf(...parts: readonly object[]): Stream {
  const stream = new Stream('a', cancel);
  for (const fields of parts) stream.take(part(fields));
  return stream;
}

async function gathered(stream: Stream): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const one of stream) found.push(one);
  return found;
}

const opened = { s: 5, i: 'a', t: 'one', m: { n: 1 } };

test('what is no part is none', () => {
  for (const data of [undefined, null, 1, 'x', [], {}, { s: '1' }, { s: 1, n: 'x' }])
    expect(readPart(data)).toBeUndefined();
  expect(readPart({ s: 1, e: 'later', z: 1 })).toEqual({ number: 1, from: 0 });
});

test('text grows by parts that follow it; of those that overlap, only what is new counts', () => {
  const stream = streamOf(opened, { s: 5, n: 3, t: ' two' }, { s: 5, n: 3, t: ' two three' }, { s: 5, n: 1, t: 'n' });
  expect([stream.soFar, stream.state, stream.meta]).toEqual(['one two three', 'open', { n: 1 }]);
  expect(stream.take(part({ s: 5, n: 14, t: 'gap' }))).toBe(false);
  expect(stream.soFar).toBe('one two three');
});

test('a whole that is older than what there is changes nothing', () => {
  const stream = streamOf(opened, { s: 5, n: 3, t: ' two', e: 'closed', r: 7 }, opened);
  expect([stream.soFar, stream.state, stream.result]).toEqual(['one two', 'closed', 7]);
  stream.take(part({ s: 5, i: 'a', t: 'one two', e: 'open' }));
  expect(stream.state).toBe('closed');
});

test('a loop gets everything so far, then what comes, and ends with the stream', async () => {
  const stream = streamOf(opened);
  const all = gathered(stream);
  const text = stream.text();
  await Promise.resolve();
  stream.take(part({ s: 5, n: 3, t: ' two' }));
  await Promise.resolve();
  stream.take(part({ s: 5, n: 7, e: 'closed' }));
  expect((await all).join('')).toBe('one two');
  expect(await text).toBe('one two');
  expect(await gathered(stream)).toEqual(['one two']);
});

test('items come one by one, and are folded once each', async () => {
  const stream = streamOf({ s: 5, i: 'a', d: [1, 2] });
  let folds = 0;
  const sum = (value: number, item: unknown) => {
    folds++;
    return value + Number(item);
  };
  expect(stream.fold(sum, 0)).toBe(3);
  stream.take(part({ s: 5, n: 1, d: [2, 3] }));
  expect([stream.fold(sum, 0), stream.fold(sum, 0), folds]).toEqual([6, 6, 3]);
  stream.take(part({ s: 5, n: 3, e: 'closed' }));
  expect(await gathered(stream)).toEqual([1, 2, 3]);
  expect(await stream.all()).toEqual([1, 2, 3]);
});

describe('ends', () => {
  test('failed, interrupted, and read no more', async () => {
    const failed = streamOf(opened, { s: 5, n: 3, e: 'failed', r: 'why' });
    await expect(failed.text()).rejects.toMatchObject({ code: 'ERR_STREAM_FAILED', result: 'why' });
    const interrupted = streamOf(opened, { s: 5, n: 3, e: 'interrupted' });
    await expect(gathered(interrupted)).rejects.toMatchObject({ code: 'ERR_STREAM_INTERRUPTED' });
    interrupted.take(part({ s: 5, n: 3, t: '!', e: 'open' }));
    expect([interrupted.state, interrupted.soFar]).toEqual(['open', 'one!']);
    const left = streamOf(opened);
    const waiting = left.text();
    left.end();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_STREAM_CLOSED' });
    const closed = streamOf(opened, { s: 5, n: 3, e: 'closed' });
    closed.end();
    expect(await closed.text()).toBe('one');
  });

  test('a stream that the server has lost is interrupted, unless it has ended', () => {
    const [open, closed] = [streamOf(opened), streamOf(opened, { s: 5, n: 3, e: 'closed' })];
    for (const stream of [open, closed]) stream.lose();
    expect([open.state, closed.state]).toEqual(['interrupted', 'closed']);
  });

  test('another stream of the same id takes its place, and a loop that is under way is told', async () => {
    const stream = streamOf(opened);
    const loop = gathered(stream);
    await new Promise((resolve) => setImmediate(resolve));
    stream.take(part({ s: 1, i: 'a', t: 'anew' }));
    await expect(loop).rejects.toMatchObject({ code: 'ERR_STREAM_REPLACED' });
    expect(stream.soFar).toBe('anew');
    // In a new epoch, what is the same goes on.
    const same = streamOf(opened);
    const goesOn = gathered(same);
    same.take(part({ s: 1, i: 'a', t: 'one two', e: 'closed' }));
    expect((await goesOn).join('')).toBe('one two');
  });
});
