/** A frame that is too large ends its connection, and every line about it names the limit that would have let it through. */

import { channel, fanfare } from 'fanfare';
import { expect, test, vi } from 'vitest';
import { RawClient } from '../support/clients/raw-client.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { served } from '../support/servers/served.js';

const option = 'limits.maxFrameBytes';
const connect = '{"id":1,"connect":{}}';
const large = JSON.stringify({ id: 2, publish: { channel: 'news:1', data: 'x'.repeat(300_000) } });

async function start() {
  const log = new RecordedLog();
  const channels = { 'news:{id}': channel({ subscribe: 'anyone', publish: 'anyone' }) };
  const { url, port } = await served(fanfare({ anonymous: true, channels, log }));
  const post = (path: string, body: object | string) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { lines: () => log.told, port, post };
}

test('over WebSocket', async () => {
  const { lines, port } = await start();
  const client = await RawClient.connect(port);
  client.ws.sendText(large);
  await client.ws.closed;
  await vi.waitFor(() =>
    expect(lines()).toMatchObject([{ check: 'limit', option, code: 1_009, client: expect.any(String) }]),
  );
});

test('in a request of a stream', async () => {
  const { lines, post } = await start();
  const stream = await post('/connection/http_stream', connect);
  // safe: a response that was asked for has a body
  const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  while (!text.includes('\n')) text += Buffer.from((await reader.read()).value ?? []).toString();
  const { session, node } = JSON.parse(text.split('\n')[0] ?? '').connect;
  expect((await post('/emulation', { session, node, data: large })).status).toBe(413);
  while (!(await reader.read()).done);
  expect(lines()).toMatchObject([
    { check: 'limit', option, code: 3_501 },
    { check: 'session', option, status: 413 },
  ]);
});

test('in a request of long polling', async () => {
  const { lines, post } = await start();
  const opened = await (await post('/connection/long_polling', { data: connect })).text();
  const { session, node } = JSON.parse(opened.trim().split('\n').at(-1) ?? '');
  expect((await post('/connection/long_polling', { session, node, id: 1, data: large })).status).toBe(413);
  expect(lines()).toMatchObject([
    { check: 'limit', option, code: 3_501 },
    { check: 'session', option, status: 413 },
  ]);
});
