/** Streams over the HTTP API: opened, written with repeated and late requests, cancelled, waited for, and read. */

import { afterAll, beforeEach, expect, test } from 'vitest';
import { apiKey, startApiServer } from '../support/servers/api-server.js';

const server = await startApiServer();
afterAll(() => server[Symbol.asyncDispose]());

let channel = '';
let numChannels = 0;
beforeEach(() => {
  channel = `answers:${numChannels++}`;
});

async function call(method: string, fields: object = {}): Promise<Record<string, unknown>> {
  const { body } = await server.post(method, { channel, id: 'a', ...fields });
  return body.result ?? body;
}

const opened = async () => Number((await call('stream_open', { meta: { big: 1 } })).run);
const append = (run: number, seq: number, text: string) => call('stream_append', { run, seq, text });

test('one request for each append, of which a repeated one changes nothing', async () => {
  const run = await opened();
  expect(await append(run, 1, 'Hello')).toMatchObject({ seq: 1, length: 5, offset: 2 });
  expect(await append(run, 1, 'Hello')).toMatchObject({ seq: 1, length: 5, offset: 2 });
  expect(await append(run, 3, '!')).toMatchObject({ error: { code: 107 } });
  expect(await append(run, 2, ' world')).toMatchObject({ seq: 2, length: 11 });
  expect(await call('stream_close', { run, seq: 2, result: { tokens: 2 } })).toMatchObject({ length: 11 });
  expect(await append(run, 3, '!')).toMatchObject({ error: { code: 110 } });
  expect(await call('stream_read')).toMatchObject({
    stream: { id: 'a', state: 'closed', text: 'Hello world', meta: { big: 1 }, result: { tokens: 2 } },
  });
  expect(await call('stream_read', { id: 'other' })).toEqual({});
  const { publications } = await call('history', { limit: 10 });
  expect(publications).toMatchObject([{ data: { s: 1, i: 'a', t: 'Hello world', e: 'closed' }, offset: 4 }]);
});

test('the last that opens it writes it, and the one before is refused', async () => {
  const first = await opened();
  const { run, resumed } = await call('stream_open');
  expect(resumed).toBe(true);
  expect(await append(first, 1, 'late')).toMatchObject({ error: { code: 112 } });
  expect(await append(Number(run), 1, 'x')).toMatchObject({ seq: 1 });
});

test('a producer waits for a cancellation, or hears of it with its next append', async () => {
  const run = await opened();
  const waiting = call('stream_wait', { run });
  expect(await call('stream_wait', { run, timeout_ms: 1 })).toEqual({});
  expect(await call('stream_cancel')).toEqual({});
  expect(await waiting).toEqual({ stopped: 'cancelled' });
  expect(await append(run, 1, 'x')).toMatchObject({ cancelled: true });
  expect(await call('stream_wait', { run })).toEqual({ stopped: 'cancelled' });
  await call('stream_open');
  expect(await call('stream_wait', { run })).toEqual({ stopped: 'lost' });
});

test('items keep their digits', async () => {
  channel = `steps:${channel}`;
  const run = await opened();
  const body = `{"channel":"${channel}","id":"a","run":${run},"items":[{"n":1234567890123456789},1.0]}`;
  await server.post('stream_append', body);
  const { headers, body: read } = await server.post('stream_read', { channel, id: 'a' });
  expect(headers.get('content-type')).toContain('json');
  expect(read.result.stream.items).toHaveLength(2);
  expect(await append(run, 2, 'text')).toMatchObject({ error: { code: 107 } });
});

/** A request whose body is written piece by piece. */
function writing(fields: Readonly<Record<string, string>>, type: string) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const aborter = new AbortController();
  const query = new URLSearchParams({ channel, id: 'a', ...fields });
  const answered = fetch(`${server.url}/api/stream_write?${query}`, {
    method: 'POST',
    headers: { 'X-API-Key': apiKey, 'Content-Type': type },
    body: readable,
    signal: aborter.signal,
    duplex: 'half',
  } as RequestInit & { duplex: 'half' });
  // Looked at where it matters.
  answered.catch(() => undefined);
  return {
    answered: async () => (await answered).json(),
    write: (text: string) => writer.write(new TextEncoder().encode(text)).catch(() => undefined),
    end: () => writer.close(),
    leave: () => aborter.abort(),
  };
}

const stateIs = (expected: object) =>
  expect.poll(async () => (await call('stream_read')).stream, { timeout: 10_000, interval: 5 }).toMatchObject(expected);

test('one streaming request, whose body is the appends', async () => {
  const { answered, write, end } = writing({}, 'text/plain; charset=utf-8');
  await write('Hel');
  await stateIs({ state: 'open', text: 'Hel' });
  await write('lo é');
  await stateIs({ state: 'open', text: 'Hello é' });
  await end();
  expect(await answered()).toEqual({ result: { id: 'a', state: 'closed', length: 7 } });
});

test('the events of a provider are piped in as they are', async () => {
  const { answered, write, end } = writing({ pick: 'choices.0.delta.content' }, 'text/event-stream');
  await write(
    'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\ndata: {"choices":[{"delta":{"content":"one"}}]}\n\n',
  );
  await stateIs({ state: 'open', text: 'one' });
  await write('data: {"choices":[{"delta":{"content":" two"}}]}\n\ndata: [DONE]\n\n');
  await end();
  expect(await answered()).toMatchObject({ result: { state: 'closed', length: 7 } });
});

test('a sender that leaves interrupts the stream, and goes on with another request', async () => {
  const first = writing({}, 'text/plain');
  await first.write('so far');
  await stateIs({ text: 'so far' });
  first.leave();
  await stateIs({ state: 'interrupted', text: 'so far' });
  const { answered, write, end } = writing({}, 'text/plain');
  await write(', and on');
  await end();
  expect(await answered()).toMatchObject({ result: { state: 'closed', length: 14 } });
});

test('a sender is answered as soon as a reader cancels', async () => {
  const { answered, write } = writing({}, 'text/plain');
  await write('too much');
  await stateIs({ text: 'too much' });
  await call('stream_cancel');
  expect(await answered()).toMatchObject({ error: { code: 110 } });
  await stateIs({ state: 'closed', result: { cancelled: true } });
});

test('a body that makes no sense is refused, and what came before it stays', async () => {
  const { answered, write, end } = writing({}, 'application/x-ndjson');
  await write('"good"\n');
  await stateIs({ text: 'good' });
  await write('bad\n');
  await end().catch(() => undefined);
  expect(await answered()).toMatchObject({ error: { code: 107 } });
  await stateIs({ state: 'interrupted', text: 'good' });
  const wrong = writing({}, 'application/json');
  await wrong.end();
  expect(await wrong.answered()).toMatchObject({ error: { code: 107 } });
});

test('mistakes are answered with what is wrong', async () => {
  const refused = async (method: string, fields: object) => (await call(method, fields)).error;
  expect(await refused('stream_append', { run: 1, text: 'x', id: 'none' })).toMatchObject({ code: 102 });
  expect(await refused('stream_append', { run: 1 })).toMatchObject({ code: 107, message: 'text is required' });
  expect(await refused('stream_append', { text: 'x' })).toMatchObject({ code: 107, message: 'run is required' });
  expect(await refused('stream_cancel', { id: '' })).toMatchObject({ code: 107 });
  expect(await refused('stream_open', { channel: 'plain:1' })).toMatchObject({ code: 108 });
  expect(await refused('publish', { data: 1 })).toMatchObject({ code: 108 });
  const run = await opened();
  expect(await refused('stream_append', { run, text: 'x'.repeat(70_000) })).toMatchObject({ code: 107 });
});
