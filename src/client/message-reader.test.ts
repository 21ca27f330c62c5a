import { expect, it } from 'vitest';
import { ClientError } from './client-error.js';
import { MessageReader } from './message-reader.js';

async function readAll<T>(reader: MessageReader<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of reader) values.push(value);
  return values;
}

it('gives what was pushed before and while it is waited for, in order', async () => {
  const reader = new MessageReader<number>(10, () => {});
  reader.push(1);
  reader.push(2);
  const all = readAll(reader);
  await Promise.resolve();
  reader.push(3);
  reader.end();
  reader.push(4);
  expect(await all).toEqual([1, 2, 3]);
});

it('fails with ERR_BUFFER_OVERFLOW after what was buffered, once', async () => {
  let done = 0;
  const reader = new MessageReader<number>(2, () => (done += 1));
  for (const value of [1, 2, 3, 4]) reader.push(value);
  expect(done).toBe(1);
  expect(await reader.next()).toEqual({ done: false, value: 1 });
  expect(await reader.next()).toEqual({ done: false, value: 2 });
  await expect(reader.next()).rejects.toMatchObject({ code: 'ERR_BUFFER_OVERFLOW', retryable: false });
  expect(await reader.next()).toEqual({ done: true, value: undefined });
});

it('tells an error to the first of several that wait, and the end to the others', async () => {
  const reader = new MessageReader<number>(2, () => {});
  const waiting = [reader.next(), reader.next(), reader.next()];
  reader.push(1);
  reader.end(new ClientError('ERR_DISCONNECTED', 'gone'));
  expect(await waiting[0]).toEqual({ done: false, value: 1 });
  await expect(waiting[1]).rejects.toMatchObject({ code: 'ERR_DISCONNECTED' });
  expect(await waiting[2]).toEqual({ done: true, value: undefined });
  expect(await reader.next()).toEqual({ done: true, value: undefined });
});

it('is done when its loop is left', async () => {
  let done = 0;
  const reader = new MessageReader<number>(2, () => (done += 1));
  reader.push(1);
  reader.push(2);
  for await (const value of reader) {
    expect(value).toBe(1);
    break;
  }
  expect(done).toBe(1);
  expect(await reader.next()).toEqual({ done: true, value: undefined });
});

it('gives nothing that is buffered to a loop whose channel has been left', async () => {
  let isLeft = false;
  const reader = new MessageReader<number>(
    4,
    () => {},
    () => isLeft,
  );
  for (const value of [1, 2, 3]) reader.push(value);
  const seen: number[] = [];
  for await (const value of reader) {
    seen.push(value);
    isLeft = value === 2;
  }
  expect(seen).toEqual([1, 2]);
});
