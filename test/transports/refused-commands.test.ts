/** Who is refused for another reason than a token: the log names the rule or the limit, and the option that sets it. */

import { Centrifuge } from 'centrifuge';
import { fanfare, type Limits } from 'fanfare';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { channel } from '../../src/engine/channels/channel-options.js';
import { nextEvent } from '../support/centrifuge/awaiting.js';
import { errorCode, RawClient } from '../support/clients/raw-client.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { served } from '../support/servers/served.js';

async function start(options: { readonly limits?: Limits } = {}) {
  const log = new RecordedLog();
  const app = fanfare({
    anonymous: true,
    log,
    channels: {
      'news:{topic}': channel({ subscribe: 'anyone', maxMessageBytes: 20 }),
      'wall:{name}': channel({ subscribe: 'anyone', publish: 'anyone', maxMessageBytes: 20 }),
      'team:{name}': channel({ subscribe: 'user' }),
      'doc:{id}': channel({ subscribe: 'token' }),
      'flaky:{id}': channel({
        subscribe: async ({ params }) => {
          throw new Error(`no ${params.id} today`);
        },
      }),
      'broken:{id}': channel({
        subscribe: ({ params }) => {
          throw new TypeError(`${params.id} is not a function`);
        },
      }),
      'dialog:{users}': channel({ userLimited: true, subscribe: () => true, publish: 'subscriber' }),
    },
    ...options,
  });
  return { ...(await served(app)), lines: log.lines, told: () => log.told };
}

describe('a field of the wrong kind', () => {
  test.each<[string, object, string, number]>([
    ['subscribe', { channel: 5 }, 'channel', 107],
    ['subscribe', { channel: 'news:a', recover: 'yes' }, 'recover', 107],
    ['subscribe', { channel: 'news:a', flag: '1' }, 'flag', 107],
    ['subscribe', { channel: 'news:a', token: { hunter2: 1 } }, 'token', 107],
    ['subscribe', { channel: 'news:a', type: 4 }, 'type', 108],
    ['publish', { channel: 'wall:a' }, 'data', 107],
    ['history', { channel: 'news:a', since: 'hunter2' }, 'since', 107],
    ['rpc', { method: ['hunter2'] }, 'method', 107],
  ])('of %s with %j: the reply and the log name it', async (method, fields, field, code) => {
    const { port, told, lines } = await start();
    const client = await RawClient.connect(port);
    const reply = await client.command(method, fields);
    expect(errorCode(reply)).toBe(code);
    expect(reply.error).toMatchObject({ message: expect.stringContaining(field) });
    expect(told()).toMatchObject([{ level: 'info', code, command: method, field }]);
    expect(JSON.stringify([reply, lines])).not.toContain('hunter2');
    await client.close();
  });

  test.each<[object, string]>([
    [{ headers: { 'X-E': 5 } }, 'headers'],
    [{ headers: 'hunter2' }, 'headers'],
    [{ token: 5 }, 'token'],
    [{ name: ['hunter2'] }, 'name'],
    [{ version: 2 }, 'version'],
    [{ subs: { 'news:a': true } }, 'subs'],
    [{ subs: { 'news:a': { recover: true, offset: '3' } } }, 'offset'],
    [{ subs: [] }, 'subs'],
  ])('of connect with %j closes with 3501, and the log names it', async (fields, field) => {
    const { port, told, lines } = await start();
    const client = await RawClient.open(port);
    client.ws.sendText(JSON.stringify({ id: 1, connect: fields }));
    expect((await client.ws.closed).code).toBe(3501);
    expect(told()).toMatchObject([{ level: 'info', code: 3501, command: 'connect', field }]);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  test('of connect, sent by the official client', async () => {
    const { port, told } = await start();
    // safe: it is what callers without types do
    const headers = { 'X-E': 5 as unknown as string };
    const client = new Centrifuge(`ws://127.0.0.1:${port}/connection/websocket`, { websocket: WebSocket, headers });
    onTestFinished(() => client.disconnect());
    const ended = nextEvent(client, 'disconnected');
    client.connect();
    expect((await ended).code).toBe(3501);
    expect(told()).toMatchObject([{ command: 'connect', field: 'headers', message: expect.stringContaining('X-E') }]);
  });
});

describe('a command that is refused has one line, which names the option', () => {
  test.each<[string, string, object, number, object]>([
    ['a channel that no rule knows', 'subscribe', { channel: 'nwes:a' }, 102, { level: 'warn', option: 'channels' }],
    ['a name that is none', 'subscribe', { channel: 'news:\u0000' }, 107, { fault: 'forbidden-character' }],
    [
      'a rule for users',
      'subscribe',
      { channel: 'team:a' },
      103,
      { rule: 'team:{name}', permission: 'user', option: 'channels → team:{name} → subscribe' },
    ],
    // Worded as if the function had said no, which was not asked.
    [
      'a channel that is limited to others',
      'subscribe',
      { channel: 'dialog:#1,2' },
      103,
      { rule: 'dialog:{users}', userLimited: true, option: 'channels → dialog:{users} → userLimited' },
    ],
    ['publishing to it', 'publish', { channel: 'dialog:#1,2', data: 1 }, 103, { action: 'publish', userLimited: true }],
    ['a rule for tokens', 'subscribe', { channel: 'doc:1' }, 103, { rule: 'doc:{id}', permission: 'token' }],
    [
      'a rule that lets nobody publish',
      'publish',
      { channel: 'news:a', data: 1 },
      103,
      { rule: 'news:{topic}', permission: 'nobody', option: 'channels → news:{topic} → publish' },
    ],
    [
      'a message that is too large',
      'publish',
      { channel: 'wall:a', data: 'hunter2'.repeat(10) },
      107,
      { why: expect.stringMatching(/^ERR_MESSAGE_TOO_LARGE\b/), option: 'channels → wall:{name} → maxMessageBytes' },
    ],
    ['history that is not kept', 'history', { channel: 'news:a' }, 108, { rule: 'news:{topic}', action: 'history' }],
    ['presence that is not kept', 'presence', { channel: 'news:a' }, 108, { rule: 'news:{topic}' }],
  ])('%s', async (_, method, fields, code, expected) => {
    const { port, told, lines } = await start();
    const client = await RawClient.connect(port);
    expect(errorCode(await client.command(method, fields))).toBe(code);
    expect(told()).toMatchObject([{ code, client: expect.any(String), ...expected }]);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    await client.close();
  });

  test('one channel too many', async () => {
    const { port, told } = await start({ limits: { maxChannelsPerConnection: 1 } });
    const client = await RawClient.connect(port);
    await client.command('subscribe', { channel: 'news:a' });
    expect(errorCode(await client.command('subscribe', { channel: 'news:b' }))).toBe(106);
    expect(told()).toMatchObject([{ level: 'warn', option: 'limits.maxChannelsPerConnection', limit: 1 }]);
    await client.close();
  });

  test('a flood of them: ten lines a minute above debug, the rest below', async () => {
    const { port, told, lines } = await start();
    const client = await RawClient.connect(port);
    for (let i = 0; i < 30; i++) await client.command('subscribe', { channel: `unknown:${i}` });
    expect(told()).toHaveLength(10);
    expect(lines).toHaveLength(30);
    await client.close();
  });

  // Each had a line with its stack, for every command of every client.
  test('a flood of functions that throw: ten lines a minute for each place where they do', async () => {
    const { port, told } = await start();
    const client = await RawClient.connect(port);
    for (let i = 0; i < 15; i++) {
      for (const rule of ['flaky', 'broken'])
        expect(errorCode(await client.command('subscribe', { channel: `${rule}:${i}` }))).toBe(100);
    }
    const line = { level: 'error', check: 'command', command: 'subscribe', code: 100, err: expect.any(Error) };
    expect(told()).toEqual(Array(20).fill(expect.objectContaining(line)));
    await client.close();
  });
});

test.each([
  ['maxConnections', { maxConnections: 1 }],
  ['maxConnectionsPerAddress', { maxConnectionsPerAddress: 1 }],
  ['connectsPerSec', { connectsPerSec: 1, connectBurst: 1 }],
] as const)('no room by limits.%s: the option is named, once a minute', async (name, limits) => {
  const { port, told } = await start({ limits });
  const first = await RawClient.connect(port);
  for (let i = 0; i < 3; i++) await expect(RawClient.open(port)).rejects.toThrow('503');
  expect(told()).toMatchObject([{ level: 'warn', status: 503, option: `limits.${name}`, limit: 1 }]);
  await first.close();
});

test('a shutdown is summed up, and not told of each client', async () => {
  const { app, port, told } = await start();
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(port)));
  await vi.waitFor(() => expect(app.numClients).toBe(20));
  await app.close(2_000);
  await Promise.all(clients.map(async ({ ws }) => expect((await ws.closed).code).toBe(3001)));
  expect(told()).toMatchObject([{ level: 'info', clients: 20 }]);
});
