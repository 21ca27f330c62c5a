/** Bad inputs by long polling against a running server: floods, guesses, and clients that open, ask and vanish. */

import { Agent, request } from 'node:http';
import { beforeAll, expect, test } from 'vitest';
import { askPolling, type PollAnswer, pollingPath } from '../../support/clients/polling-peer.js';
import { closeOf, openSocket } from '../../support/clients/raw-http.js';
import { post, type SessionAddress } from '../../support/clients/stream-peer.js';
import { canary, Oracle } from '../../support/hardening/oracle.js';

/** Each request has a connection of its own, which ends with it. */
const agent = new Agent({ keepAlive: false });
const first = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"open:polled"}}';

const oracle = Oracle.ofFile({ limits: { pollGraceMs: 1_000 } });
let url: string;

beforeAll(async () => {
  url = `http://127.0.0.1:${oracle.port}`;
  // Loads the code.
  const { address, ack } = await opened();
  await ask({ ...address, id: 1, data: '{"id":3,"ping":{}}' });
  await ask({ ...address, ack });
  await ask({ ...address, close: true });
});

function ask(body: object): Promise<PollAnswer> {
  return askPolling(url, body, {}, agent);
}

async function opened(): Promise<{ address: SessionAddress; ack: number }> {
  const { session = '', node = '', seq = 0 } = (await ask({ data: first })).trailer ?? {};
  return { address: { session, node }, ack: seq };
}

const times = <T>(count: number, run: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => run(n)));

oracle.attack('G11: 200 sessions that are opened and never polled are given back', { atMost: 0 }, () =>
  times(200, opened),
);

// What is reset before it was read is a bad request.
oracle.attack('B19: 300 polls whose clients vanish are given back', { atMost: 300 }, () =>
  times(300, async () => {
    const { address, ack } = await opened();
    const polling = request(`${url}${pollingPath}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      agent: false,
    });
    const gone = new Promise((resolve) => polling.on('error', resolve));
    polling.end(JSON.stringify({ ...address, ack }), () => polling.socket?.resetAndDestroy());
    await gone;
  }),
);

oracle.attack('B36: a pipeline of polls that nobody reads ends', { atMost: 500 }, async () => {
  const { address, ack } = await opened();
  const body = JSON.stringify({ ...address, ack });
  const socket = (await openSocket(oracle.port)).pause();
  const closed = closeOf(socket);
  const head = `POST ${pollingPath} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`;
  socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`.repeat(5_000));
  await ask({ ...address, close: true });
  socket.resetAndDestroy();
  await closed;
});

oracle.attack('B74: guesses find nothing, and what was guessed is not in the log', { atMost: 250 }, async () => {
  const { address } = await opened();
  const guesses = await times(200, (n) => ask({ ...address, session: `${canary}${n}`, ack: 0 }));
  expect(new Set(guesses.map(({ status }) => status))).toEqual(new Set([404]));
  expect((await ask({ ...address, node: canary, ack: 0 })).status).toBe(404);
});

oracle.attack.each([
  ['words', canary],
  ['half an envelope', `{"session":"${canary}","node":"a","ac`],
  ['a poll of another kind', `{"session":"${canary}","node":"a","ack":{"a":1}}`],
  ['a megabyte of brackets', '['.repeat(100_000)],
])('B39, B44: %s is 400, with one line in the log', async (_, text) => {
  const response = await post(`${url}${pollingPath}`, text, {}, agent);
  response.resume();
  expect(response.statusCode).toBe(400);
});

oracle.attack('B39: garbage in a frame closes the session with 3501, which the client can still hear', async () => {
  const { address, ack } = await opened();
  const garbage = { id: 1, data: `{"id":3,"publish":{"channel":"open:polled","data":1}}\n${canary}` };
  expect((await ask({ ...address, ...garbage })).status).toBe(204);
  let [known, text] = [ack, ''];
  while (!text.includes('"disconnect"')) {
    const { trailer, data } = await ask({ ...address, ack: known });
    known = trailer?.seq ?? 0;
    text += data;
  }
  await ask({ ...address, close: true });
  expect(text).toContain('"code":3501');
  expect(text).not.toContain('"publish"');
});

test('B49: a flood of commands by long polling is refused and then closed, as over WebSocket', async () => {
  const text = await oracle.withstands(
    async () => {
      const { address, ack } = await opened();
      const frame = Array.from({ length: 500 }, (_, n) => JSON.stringify({ id: n + 10, ping: {} })).join('\n');
      for (let id = 1; id <= 6; id++) {
        const data = frame.replaceAll('"id":', `"id":${id}`);
        await ask({ ...address, id, data });
      }
      let [known, all] = [ack, ''];
      while (!all.includes('"disconnect"')) {
        const { status, trailer, data } = await ask({ ...address, ack: known });
        if (status !== 200) throw new Error(`${status} before the last words`);
        known = trailer?.seq ?? 0;
        all += data;
      }
      await ask({ ...address, close: true });
      return all;
    },
    { atMost: 5 },
  );
  expect(text).toContain('"code":111');
  expect(text).toContain('"code":3013');
});
