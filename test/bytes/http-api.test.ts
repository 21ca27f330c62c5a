/** Bytes over the HTTP API, hooks and one-way endpoints, with curl as the caller. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Centrifuge } from 'centrifuge/build/protobuf';
import { bytes, channel, fanfare } from 'fanfare';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { HookedServer } from '../hooks/hooked-server.js';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { areMissing } from '../support/programs/missing.js';
import { served } from '../support/servers/served.js';

const run = promisify(execFile);
const key = 'api-key-0123456789abcdef-0123456789';
const base64 = (data: Uint8Array) => Buffer.from(data).toString('base64');
const all = { subscribe: 'anyone', history: { size: 100 } } as const;

async function start() {
  const app = fanfare({
    anonymous: true,
    transports: { oneWay: true },
    log: new RecordedLog(),
    channels: {
      'frames:{id}': channel({ ...all, message: bytes({ maxBytes: 100 }) }),
      'mixed:{id}': channel({ ...all, message: bytes({ base64: true }) }),
      'json:{id}': channel(all),
    },
  });
  const { url } = await served(app, { api: { keys: key } });
  /** A call of `curl`, as a backend's shell makes it. */
  async function call(method: string, body: unknown) {
    const args = ['--silent', '--show-error', '-H', `X-API-Key: ${key}`, '-H', 'Content-Type: application/json'];
    const { stdout } = await run('curl', [...args, '--data', JSON.stringify(body), `${url}/api/${method}`]);
    return JSON.parse(stdout);
  }
  return { app, url, call };
}

test.skipIf(areMissing('curl', '/usr/bin/curl'))('curl publishes, broadcasts and reads bytes', async () => {
  const { app, url, call } = await start();
  const client = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, { websocket: WebSocket });
  onTestFinished(() => client.disconnect());
  client.connect();
  const subscription = client.newSubscription('frames:1');
  const publications = new Gathered<Uint8Array>();
  subscription.on('publication', ({ data }) => publications.add(new Uint8Array(data)));
  subscription.subscribe();
  await subscription.ready();

  const values = [
    new Uint8Array(),
    ...fc.sample(fc.uint8Array({ minLength: 1, maxLength: 100 }), { numRuns: 9, seed: 1 }),
  ];
  for (const value of values.slice(0, 5)) {
    expect(await call('publish', { channel: 'frames:1', b64data: base64(value) })).toMatchObject({ result: {} });
  }
  const commands = values.slice(5).map((value) => ({ publish: { channel: 'frames:1', b64data: base64(value) } }));
  expect(await call('batch', { commands })).toMatchObject({ replies: commands.map(() => ({ publish: {} })) });
  expect(await publications.atLeast(values.length)).toEqual(values);

  const { result } = await call('history', { channel: 'frames:1', limit: 100 });
  expect(result.publications).toEqual(values.map((value, i) => ({ b64data: base64(value), offset: i + 1 })));

  const channels = ['frames:2', 'mixed:2', 'json:2'];
  const { responses } = (await call('broadcast', { channels, b64data: base64(Uint8Array.of(0xff)) })).result;
  expect(responses).toMatchObject([{ result: { offset: 1 } }, { result: { offset: 1 } }, { error: { code: 107 } }]);
  expect((await app.history('mixed:2')).publications).toMatchObject([{ data: Uint8Array.of(0xff) }]);

  for (const [refused, why] of [
    [{ channel: 'frames:1', data: 'AAAA' }, 'data: bytes'],
    [{ channel: 'mixed:1', data: 'AAAA' }, 'data: base64'],
    [{ channel: 'json:1', b64data: 'AAEC' }, 'data: json'],
    [{ channel: 'json:1', b64data: '' }, 'data: json'],
    [{ channel: 'frames:1', b64data: base64(new Uint8Array(101)) }, '100 bytes'],
    [{ channel: 'frames:1' }, 'required'],
  ] as const) {
    expect(await call('publish', refused)).toEqual({ error: { code: 107, message: expect.stringContaining(why) } });
  }
});

test.skipIf(areMissing('curl', '/usr/bin/curl'))(
  'the live tail of an operator has base64 beside what is JSON',
  async () => {
    const { app, call } = await start();
    const { cursor } = (await call('tail', { channel: 'mixed:1' })).result;
    await app.publish('mixed:1', Uint8Array.of(0, 0xff));
    const { publications } = (await call('tail', { channel: 'mixed:1', cursor })).result;
    expect(publications).toMatchObject([{ b64data: 'AP8=', offset: 1 }]);
    expect(publications[0]).not.toHaveProperty('data');
  },
);

test.skipIf(areMissing('curl', '/usr/bin/curl'))('one-way endpoints carry base64 where the rule says so', async () => {
  const { app, url } = await start();
  const refused = await run('curl', ['--silent', '-w', '%{http_code}', `${url}/sse?channels=frames:1`]);
  expect(refused.stdout).toMatch(/Protobuf.*400$/s);
  await app.publish('mixed:1', Uint8Array.of(0, 0xff));
  const stream = execFile('curl', ['--silent', '--no-buffer', `${url}/stream?channels=mixed:1`]);
  onTestFinished(() => void stream.kill());
  const lines = new Promise((resolve) => {
    let text = '';
    stream.stdout?.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('"start"')) void app.publish('mixed:1', Uint8Array.of(1));
      if (text.includes('"data"')) resolve(text);
    });
  });
  expect(await lines).toContain('"channel":"mixed:1","data":"AQ=="');
});

test('a hook is asked about b64data, and may put other bytes in its place', async () => {
  await using server = await HookedServer.start({
    anonymous: true,
    channels: {
      'frames:{id}': { data: 'bytes', publish: 'hook', subscribe: 'anyone', history: { size: 10, ttl: '5m' } },
    },
    hooks: { publish: '/publish' },
  });
  const answers = [{ result: {} }, { result: { b64data: 'AQI=' } }, { result: { data: { a: 1 } } }];
  server.backend.on('/publish', () => answers.shift() ?? { result: {} });
  const client = new Centrifuge(server.endpoint, { websocket: WebSocket });
  onTestFinished(() => client.disconnect());
  client.connect();
  await client.publish('frames:1', Uint8Array.of(0xff));
  await client.publish('frames:1', Uint8Array.of(0xfe));
  await expect(client.publish('frames:1', Uint8Array.of(0xfd))).rejects.toHaveProperty('code');
  const bodies = server.backend.callsTo('/publish').map(({ body }) => body);
  expect(bodies).toMatchObject([{ b64data: '/w==' }, { b64data: '/g==' }, { b64data: '/Q==' }]);
  expect(bodies[0]).not.toHaveProperty('data');
  const { publications } = await server.app.history('frames:1');
  expect(publications.map(({ data }) => data)).toEqual([Uint8Array.of(0xff), Uint8Array.of(1, 2)]);
});

test('the contract says what is bytes', async () => {
  const { app } = await start();
  const { channels } = app.spec();
  const message = (pattern: string) =>
    Object.values(channels).find((one) => one['x-fanfare-pattern'] === pattern)?.messages.publication;
  expect(message('frames:{id}')).toMatchObject({
    contentType: 'application/octet-stream',
    payload: { type: 'string', format: 'binary' },
  });
  expect(message('json:{id}')).not.toHaveProperty('contentType');
});
