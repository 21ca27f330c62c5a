/** What is published reaches every kind of client as the text that it was, whichever way it came. */

import { channel, fanfare } from 'fanfare';
import { afterAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { TransportPeer } from '../conformance/transport-suite.js';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { openPolling } from '../support/clients/polling-peer.js';
import { httpStreamReading, openStream, sseReading } from '../support/clients/stream-peer.js';
import { openWebSocket } from '../support/clients/websocket-peer.js';
import { brokenText, carriedTexts, mendedText } from '../support/engine/json-texts.js';

const key = 'api-key-0123456789abcdef-0123456789';
const everybody = { subscribe: 'anyone', publish: 'anyone', history: { size: 50 }, presence: 'anyone' } as const;

const app = fanfare({
  auth: ({ token = null }) => ({ user: token }),
  transports: { sse: true, oneWay: true },
  limits: { pollGraceMs: 3_000 },
  log: { debug() {}, info() {}, warn() {}, error: console.error },
  channels: { 'room:{name}': channel({ ...everybody, joinLeave: true }) },
});
const { url } = await app.listen(0, { api: { keys: key } });
afterAll(() => app.close(0));

/** Calls the API with a body as it stands; resolves with the text of the answer. */
async function call(method: string, body: string): Promise<string> {
  const headers = { 'Content-Type': 'application/json', 'X-API-Key': key };
  const response = await fetch(method ? `${url}/api/${method}` : `${url}/api`, { method: 'POST', headers, body });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  expect(text).not.toContain('"error"');
  return text;
}

/** Until a frame holds the text. */
async function sees(frames: Gathered<string>, text: string): Promise<void> {
  for (let count = 0; !frames.items.some((frame) => frame.includes(text)); count = frames.items.length)
    await frames.atLeast(count + 1);
}

const connectFrame = (token: string) => `{"id":1,"connect":{"token":"${token}"}}`;

const transports: Readonly<Record<string, (url: string, firstFrame: string) => Promise<TransportPeer>>> = {
  websocket: openWebSocket,
  http_stream: (server, frame) => openStream(server, httpStreamReading, frame),
  sse: (server, frame) => openStream(server, sseReading, frame),
  long_polling: openPolling,
};

describe.each(Object.entries(transports))('over %s', (name, open) => {
  test('a message comes as it was published, by the server and by clients, live and from the history', async () => {
    const peer = await open(url, connectFrame(name));
    await sees(peer.frames, '"connect"');
    const room = `room:${name}`;
    peer.send(`{"id":2,"subscribe":{"channel":"${room}"}}`);
    await sees(peer.frames, '"id":2');
    for (const [n, text] of carriedTexts.entries()) {
      await call('publish', `{"channel":"${room}","data":${text}}`);
      await sees(peer.frames, `"pub":{"data":${text},"offset":${2 * n + 1}`);
      peer.send(`{"id":${10 + n},"publish":{"channel":"${room}","data":${text}}}`);
      await sees(peer.frames, `"pub":{"data":${text},"info":{"user":"${name}"`);
    }
    await call('publish', `{"channel":"${room}","data":${brokenText}}`);
    await sees(peer.frames, `"pub":{"data":${mendedText},`);
    peer.send(`{"id":3,"history":{"channel":"${room}","limit":50}}`);
    await sees(peer.frames, '"id":3');
    const reply = peer.frames.items.flatMap((frame) => frame.split('\n')).find((line) => line.startsWith('{"id":3'));
    for (const text of [...carriedTexts, mendedText]) expect(reply).toContain(`{"data":${text},`);
    peer.destroy();
  });
});

describe('one-way', () => {
  test.each([
    ['sse', (text: string) => `data: {"channel":"room:sse","data":${text}}\n\n`],
    ['stream', (text: string) => `"channel":"room:stream","data":${text}}\n`],
  ])('/%s carries messages as they were published', async (path, line) => {
    const cancel = new AbortController();
    const response = await fetch(`${url}/${path}?channels=room:${path}`, { signal: cancel.signal });
    const chunks = new Gathered<string>();
    const reading = (async () => {
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString();
        chunks.add(text);
      }
    })().catch(() => undefined);
    await chunks.atLeast(1);
    for (const text of [...carriedTexts, brokenText]) {
      await call('publish', `{"channel":"room:${path}","data":${text}}`);
      await sees(chunks, line(text.replace(/[\r\n]/g, ' ')));
    }
    cancel.abort();
    await reading;
  });

  test('a plain WebSocket gets the text of the data and nothing else', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?channels=room:ws`);
    const messages = new Gathered<string>();
    socket.on('message', (data) => messages.add(String(data)));
    await expect.poll(async () => (await app.channels('room:ws')).length).toBe(1);
    for (const text of [...carriedTexts, brokenText]) await call('publish', `{"channel":"room:ws","data":${text}}`);
    expect(await messages.atLeast(carriedTexts.length + 1)).toEqual([...carriedTexts, mendedText]);
    socket.terminate();
  });
});

describe('the HTTP API', () => {
  const b64 = (text: string) => Buffer.from(text).toString('base64');

  test.each([
    ['publish', (text: string) => `{"channel":"room:api1","data" : ${text}}`, 'room:api1'],
    ['publish', (text: string) => `{"b64data":"${b64(text)}","channel":"room:api2"}`, 'room:api2'],
    ['broadcast', (text: string) => `{"channels":["room:api3"],"data":${text}}`, 'room:api3'],
    ['batch', (text: string) => `{"commands":[{"publish":{"channel":"room:api4","data":${text}}}]}`, 'room:api4'],
    [
      'batch',
      (text: string) => `{"parallel":true,"commands":[{"broadcast":{"data":${text},"channels":["room:api5"]}}]}`,
      'room:api5',
    ],
    ['', (text: string) => `{"method":"publish","params":{"channel":"room:api6","data":${text}}}`, 'room:api6'],
  ])('%s keeps what history tells again: %#', async (method, body, room) => {
    for (const text of [...carriedTexts, brokenText]) await call(method, body(text));
    const history = await call('history', `{"channel":"${room}","limit":50}`);
    for (const [n, text] of [...carriedTexts, mendedText].entries())
      expect(history).toContain(`{"data":${text},"offset":${n + 1}`);
  });

  test('subscribe and refresh keep data and info, which the client, presence and joins tell again', async () => {
    const [text = ''] = carriedTexts;
    const peer = await openWebSocket(url, connectFrame('ann'));
    await sees(peer.frames, '"connect"');
    await call('refresh', `{"user":"ann","info":${text}}`);
    await call('subscribe', `{"user":"ann","channel":"room:sub","info":${brokenText},"data":${text}}`);
    await sees(peer.frames, `"data":${text}`);
    const presence = await call('presence', '{"channel":"room:sub"}');
    expect(presence).toContain(`"conn_info":${text},"chan_info":${mendedText}`);
    peer.destroy();
  });

  test('B58: a lone surrogate in data is refused with 107, escaped in whichever way', async () => {
    for (const text of ['"\\ud800"', '"\\uDFFF"', '{"\\uD83Ca":1}']) {
      const headers = { 'Content-Type': 'application/json', 'X-API-Key': key };
      const body = `{"channel":"room:api","data":${text}}`;
      const response = await fetch(`${url}/api/publish`, { method: 'POST', headers, body });
      expect(await response.json()).toMatchObject({ error: { code: 107 } });
    }
  });

  test('a body whose data is no JSON is refused with 400, and nothing is published', async () => {
    for (const text of ['01', '1.', '"\t"', '{"a":1,}', "'a'", 'NaN', '[1 2]', '"\\x41"', '"a']) {
      const headers = { 'Content-Type': 'application/json', 'X-API-Key': key };
      const body = `{"channel":"room:never","data":${text}}`;
      expect((await fetch(`${url}/api/publish`, { method: 'POST', headers, body })).status).toBe(400);
    }
    expect(await call('history', '{"channel":"room:never","limit":1}')).toContain('"publications":[]');
  });
});
