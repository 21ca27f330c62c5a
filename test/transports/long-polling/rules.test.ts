/** The rules of long polling against a running server: numbers, repetitions, floods, and clients that vanish. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { channel, fanfare, type Limits } from 'fanfare';
import { expect, onTestFinished, test, vi } from 'vitest';
import { disconnectCodes } from '../../../src/model/codes.js';
import { askPolling, pollingPath } from '../../support/clients/polling-peer.js';
import { post, type SessionAddress, textOf } from '../../support/clients/stream-peer.js';
import { portOf, served } from '../../support/servers/served.js';

function makeApp(limits: Limits = {}) {
  return fanfare({
    auth: ({ token = null }) => ({ user: token }),
    // A ping is a message like others, and the first one of a session may come at any moment.
    limits: { pingIntervalMs: 0, ...limits },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'room:{name}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 100 }, joinLeave: true }),
    },
  });
}

const first = '{"id":1,"connect":{"token":"ann"}}\n{"id":2,"subscribe":{"channel":"room:a"}}';
const publish = (id: number, data: number) => JSON.stringify({ id, publish: { channel: 'room:a', data } });

/** A session whose client knows up to `ack`, with the reply to its subscribe. */
async function openSession(url: string): Promise<{ address: SessionAddress; ack: number }> {
  const opened = await askPolling(url, { data: first });
  const { session = '', node = '', seq = 0 } = opened.trailer ?? {};
  let [ack, text] = [seq, opened.data];
  while (!text.includes('"id":2')) {
    const next = await askPolling(url, { session, node, ack });
    ack = next.trailer?.seq ?? 0;
    text += next.data;
  }
  return { address: { session, node }, ack };
}

async function start(limits: Limits = {}) {
  const server = await served(makeApp(limits));
  return { ...server, ...(await openSession(server.url)) };
}

const published = async (app: ReturnType<typeof makeApp>) =>
  (await app.history('room:a')).publications.map(({ data }) => data);

test('G3: an answer is repeated byte for byte, whatever has come since', async () => {
  const { app, url, address, ack } = await start();
  await app.publish('room:a', 1);
  const poll = async () => textOf(await post(`${url}${pollingPath}`, JSON.stringify({ ...address, ack })));
  const answer = await poll();
  expect(answer).toBe(`{"push":{"channel":"room:a","pub":{"data":1,"offset":1}}}\n{"seq":${ack + 1}}\n`);
  await app.publish('room:a', 2);
  expect(await poll()).toBe(answer);
  const next = await askPolling(url, { ...address, ack: ack + 1 });
  expect(next.trailer?.seq).toBe(ack + 2);
  expect(next.data).toContain('"data":2');
});

test('G1, G3: a frame is taken once, and not before the one in front of it', async () => {
  const { app, url, address } = await start();
  const send = async (id: number, data: number) =>
    (await askPolling(url, { ...address, id, data: publish(id + 10, data) })).status;
  expect(await send(2, 2)).toBe(409);
  expect(await send(1, 1)).toBe(204);
  expect(await send(1, 1)).toBe(204);
  expect(await send(2, 2)).toBe(204);
  expect(await send(1, 1)).toBe(204);
  expect(await send(4, 4)).toBe(409);
  expect(await published(app)).toEqual([1, 2]);
});

test('an acknowledgement of what was never sent closes the session with 3501', async () => {
  const { app, url, address, ack } = await start();
  expect((await askPolling(url, { ...address, ack: ack + 1 })).status).toBe(400);
  expect(app.numClients).toBe(0);
  const last = await askPolling(url, { ...address, ack });
  expect(last.data).toContain(`"code":${disconnectCodes.badRequest.code}`);
  expect((await askPolling(url, { ...address, ack: ack + 1 })).status).toBe(404);
});

test('B36: polls for their own sake are a flood, and close the session with 3013', async () => {
  const { app, url, address, ack } = await start({ commandsPerSec: 10, commandBurst: 20 });
  const polls = Array.from({ length: 60 }, () => askPolling(url, { ...address, ack }));
  const answers = await Promise.all(polls);
  expect(app.numClients).toBe(0);
  expect(answers.map(({ data }) => data).join('\n')).toContain(`"code":${disconnectCodes.tooManyRequests.code}`);
});

test('polls that bring something are none, however many', async () => {
  const { app, url, address, ack } = await start({ commandsPerSec: 10, commandBurst: 20, pollSpacingMs: 0 });
  let known = ack;
  for (let n = 0; n < 100; n++) {
    await app.publish('room:a', n);
    known = (await askPolling(url, { ...address, ack: known })).trailer?.seq ?? 0;
  }
  expect(known).toBe(ack + 100);
  expect(app.numClients).toBe(1);
});

test('G8: a client that closes is gone at once', async () => {
  const { app, url, address, ack } = await start();
  const hanging = askPolling(url, { ...address, ack });
  expect((await askPolling(url, { ...address, close: true })).status).toBe(204);
  expect(app.numClients).toBe(0);
  expect((await hanging).status).toBe(404);
  expect((await askPolling(url, { ...address, close: true })).status).toBe(204);
});

test('G11: sessions whose clients never poll are forgotten', async () => {
  // Long enough for all to be there at once on a machine with other work.
  const { app, url } = await start({ pollGraceMs: 3_000 });
  await Promise.all(Array.from({ length: 50 }, () => askPolling(url, { data: first })));
  expect(app.numClients).toBe(51);
  await vi.waitFor(() => expect(app.numClients).toBe(0));
});

test('F7: a client that is away for less than the grace time misses nothing and need not connect again', async () => {
  const { app, url, address, ack } = await start({ pollGraceMs: 5_000 });
  const away = new AbortController();
  const hanging = fetch(`${url}${pollingPath}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...address, ack }),
    signal: away.signal,
  });
  away.abort();
  await expect(hanging).rejects.toThrow();
  for (let n = 1; n <= 5; n++) await app.publish('room:a', n);
  const back = await askPolling(url, { ...address, ack });
  expect(back.data.match(/"data":\d/g)).toEqual([1, 2, 3, 4, 5].map((n) => `"data":${n}`));
});

/** A server whose sockets can be counted, with a session for which a lot waits. */
async function startFull(limits: Limits) {
  const app = makeApp({ maxQueueBytes: 16_777_216, ...limits });
  const server = createServer();
  app.attach(server);
  onTestFinished(() => app.close(500));
  const port = await portOf(server);
  const { address, ack } = await openSession(`http://127.0.0.1:${port}`);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  for (let n = 0; n < 10; n++) await app.publish('room:a', 'x'.repeat(60_000));
  const body = JSON.stringify({ ...address, ack });
  const poll = `POST ${pollingPath} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const arrived = once(server, 'connection');
  const slow = connectTcp(port, '127.0.0.1').pause();
  onTestFinished(() => void slow.destroy());
  slow.on('error', () => undefined);
  await arrived;
  return { app, sockets, slow, poll };
}

test('F9: a client that reads no answer is let go after the grace time', async () => {
  const { app, sockets, slow, poll } = await startFull({ pollGraceMs: 1_000 });
  slow.write(poll);
  await vi.waitFor(() => expect([app.numClients, sockets.size]).toEqual([0, 0]));
});

test('F9: a client that asks again and again and reads nothing has one answer in memory, and loses its connection', async () => {
  const { app, sockets, slow, poll } = await startFull({});
  const before = process.memoryUsage().arrayBuffers;
  // Each would be answered with half a megabyte: 200 MB in all. What is freed may lie around for a while.
  slow.write(poll.repeat(400));
  await vi.waitFor(() => expect(sockets.size).toBe(0));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1_048_576);
  // The session is as good as before.
  expect(app.numClients).toBe(1);
});

test('F12: while it shuts down a server still answers those who are there, and lets nobody in', async () => {
  const { app, url, address, ack } = await start();
  const closing = app.close(3_000);
  const newcomer = await askPolling(url, { data: first });
  expect(newcomer.status).toBe(503);
  const last = await askPolling(url, { ...address, ack });
  expect(last.data).toContain(`"code":${disconnectCodes.shutdown.code}`);
  expect((await askPolling(url, { ...address, ack: ack + 1 })).status).toBe(404);
  await closing;
});

test.each([
  { pollWaitMs: 0 },
  { pollWaitMs: 1.5 },
  { pollGraceMs: 0 },
  { pollSpacingMs: -1 },
  { pollGraceMs: Number.NaN },
  { maxFrameBytes: -1 },
])('B107: %j is refused', (limits) => {
  expect(() => fanfare({ limits })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
});
