/**
 * Every error and disconnect code, each brought about once: the log has a line above debug with the code, what has been
 * checked, and the option that would change it where there is one.
 */

import { channel, type FanfareOptions, fanfare, type Limits, memory, RpcError, rpc } from 'fanfare';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type ChannelName, parseChannelName } from '../../src/model/channel-name.js';
import { disconnectCodes, errorCodes } from '../../src/model/codes.js';
import { trustedJsonText } from '../../src/model/json-text.js';
import type { Publication } from '../../src/model/publication.js';
import { errorCode, RawClient } from '../support/clients/raw-client.js';
import { deferred } from '../support/engine/deferred.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { served } from '../support/servers/served.js';

const secret = 'hunter2-hunter2-hunter2';
const rules = {
  'news:{topic}': channel({ subscribe: 'anyone', publish: 'nobody', history: { size: 1, ttl: '1m', read: 'anyone' } }),
  'wall:{name}': channel({
    subscribe: 'anyone',
    publish: 'anyone',
    message: z.object({ text: z.string().refine((text) => text === '', { error: ({ input }) => `not ${input}` }) }),
  }),
  'mine:{name}': channel({ subscribe: () => false, publish: () => false }),
  'custom:{name}': channel({ subscribe: () => ({ error: { code: 1234, message: 'no' } }) }),
  'gone:{name}': channel({ subscribe: () => ({ disconnect: { code: 4567, reason: 'no' } }) }),
  'broken:{name}': channel({
    subscribe: () => {
      throw new Error('broken');
    },
  }),
};
const procedures = {
  add: rpc({ allow: 'anyone', input: z.object({ a: z.number() }), run: ({ a }) => a }),
  users: rpc({ run: () => 1 }),
  picky: rpc({
    allow: 'anyone',
    run: () => {
      throw new RpcError(444, 'not today');
    },
  }),
};

async function start({ limits, ...options }: { readonly limits?: Limits } & Partial<FanfareOptions> = {}) {
  const log = new RecordedLog();
  const app = fanfare({
    anonymous: true,
    log,
    channels: rules,
    rpc: procedures,
    ...options,
    ...(limits && { limits }),
  } as FanfareOptions);
  const told = (code: number) => log.told.filter((line) => line.code === code);
  return { ...(await served(app)), lines: log.lines, told };
}

interface Cause {
  readonly code: number;
  readonly command: readonly [method: string, fields: unknown];
  readonly line: object;
  readonly before?: readonly (readonly [method: string, fields: unknown])[];
  readonly options?: Parameters<typeof start>[0];
}

const ofRule = (rule: string, option: string) => ({ rule, option: `channels → ${rule} → ${option}` });
const epoch = { offset: 1, epoch: 'other' };

const errorCauses: Record<string, Cause> = {
  'a permission function that throws': {
    code: errorCodes.internal.code,
    command: ['subscribe', { channel: 'broken:a' }],
    line: { check: 'command', command: 'subscribe', level: 'error' },
  },
  'a channel that no rule knows': {
    code: errorCodes.unknownChannel.code,
    command: ['subscribe', { channel: 'nwes:a' }],
    line: { check: 'channel', channel: 'nwes:a', option: 'channels' },
  },
  'a rule': {
    code: errorCodes.permissionDenied.code,
    command: ['publish', { channel: 'news:a', data: 1 }],
    line: { check: 'permission', permission: 'nobody', ...ofRule('news:{topic}', 'publish') },
  },
  'a permission function that says false to subscribe': {
    code: errorCodes.permissionDenied.code,
    command: ['subscribe', { channel: 'mine:a' }],
    line: { check: 'permission', permission: 'a function', ...ofRule('mine:{name}', 'subscribe') },
  },
  'a permission function that says false to publish': {
    code: errorCodes.permissionDenied.code,
    command: ['publish', { channel: 'mine:a', data: secret }],
    line: { check: 'permission', permission: 'a function', ...ofRule('mine:{name}', 'publish') },
  },
  'a permission function with a code of its own': {
    code: 1234,
    command: ['subscribe', { channel: 'custom:a' }],
    line: { check: 'permission', ...ofRule('custom:{name}', 'subscribe') },
  },
  "a channel of the server's own": {
    code: errorCodes.permissionDenied.code,
    command: ['subscribe', { channel: '@fanfare:a' }],
    line: { check: 'channel name', fault: 'internal' },
  },
  'a procedure for users': {
    code: errorCodes.permissionDenied.code,
    command: ['rpc', { method: 'users' }],
    line: { check: 'permission', procedure: 'users', option: 'rpc → users → allow' },
  },
  'a new subscription token without a subscription': {
    code: errorCodes.permissionDenied.code,
    command: ['sub_refresh', { channel: 'news:a', token: secret }],
    line: { check: 'subscription', command: 'sub_refresh', channel: 'news:a', subscribed: false },
  },
  'a procedure that is not there': {
    code: errorCodes.methodNotFound.code,
    command: ['rpc', { method: 'subtract', data: secret }],
    line: { check: 'procedure', procedure: 'subtract', option: 'rpc' },
  },
  'procedures where there are none': {
    code: errorCodes.notAvailable.code,
    command: ['rpc', { method: 'add' }],
    line: { check: 'procedure', procedure: 'add', option: 'rpc' },
    options: { rpc: {} },
  },
  'a channel twice': {
    code: errorCodes.alreadySubscribed.code,
    before: [['subscribe', { channel: 'news:a' }]],
    command: ['subscribe', { channel: 'news:a' }],
    line: { check: 'subscription', channel: 'news:a', subscribed: true },
  },
  'a channel too many': {
    code: errorCodes.limitExceeded.code,
    options: { limits: { maxChannelsPerConnection: 1 } },
    before: [['subscribe', { channel: 'news:a' }]],
    command: ['subscribe', { channel: 'news:b' }],
    line: { check: 'limit', limit: 1, option: 'limits.maxChannelsPerConnection' },
  },
  'a name that is none': {
    code: errorCodes.badRequest.code,
    command: ['subscribe', { channel: '' }],
    line: { check: 'channel name', fault: 'empty' },
  },
  'a field that is none': {
    code: errorCodes.badRequest.code,
    command: ['history', { channel: 'news:a', since: { offset: -1 } }],
    line: { check: 'field', command: 'history', field: expect.stringContaining('offset') },
  },
  'a message that does not fit its schema, of which the place is named': {
    code: errorCodes.badRequest.code,
    command: ['publish', { channel: 'wall:a', data: { text: secret } }],
    line: { check: 'message', path: '.text', ...ofRule('wall:{name}', 'message') },
  },
  'an argument that does not fit its schema': {
    code: errorCodes.badRequest.code,
    command: ['rpc', { method: 'add', data: { a: secret } }],
    line: { check: 'argument', procedure: 'add', path: '.a', option: 'rpc → add → input' },
  },
  'a new token where there are none': {
    code: errorCodes.notAvailable.code,
    command: ['refresh', { token: secret }],
    line: { check: 'token', command: 'refresh', option: 'auth' },
  },
  'what the protocol has and Fanfare has not': {
    code: errorCodes.notAvailable.code,
    command: ['subscribe', { channel: 'news:a', type: 4 }],
    line: { check: 'field', command: 'subscribe', field: 'type' },
  },
  'a filter by tags where the rule has none': {
    code: errorCodes.notAvailable.code,
    command: ['subscribe', { channel: 'news:a', tf: { key: 'kind', cmp: 'eq', val: secret } }],
    line: { check: 'ability', tag: 'kind', ...ofRule('news:{topic}', 'filterTags') },
  },
  'a filter by tags that is none': {
    code: errorCodes.badRequest.code,
    command: ['subscribe', { channel: 'news:a', tf: { key: secret, cmp: 'like', val: secret } }],
    line: { check: 'field', command: 'subscribe', field: 'tf' },
  },
  'presence that is not kept': {
    code: errorCodes.notAvailable.code,
    command: ['presence', { channel: 'news:a' }],
    line: { check: 'ability', ...ofRule('news:{topic}', 'presence') },
  },
  'a history from a position of another epoch': {
    code: errorCodes.unrecoverablePosition.code,
    command: ['history', { channel: 'news:a', since: epoch }],
    line: { check: 'position', command: 'history', ...ofRule('news:{topic}', 'history') },
  },
  'a recovery that is nothing but whole': {
    code: errorCodes.unrecoverablePosition.code,
    command: ['subscribe', { channel: 'news:a', recover: true, flag: 2, ...epoch }],
    line: { check: 'position', command: 'subscribe', ...ofRule('news:{topic}', 'history') },
  },
  'an error of a procedure': {
    code: 444,
    command: ['rpc', { method: 'picky' }],
    line: { check: 'procedure answer', procedure: 'picky', option: 'rpc' },
  },
  ...Object.fromEntries(
    (['publicationsPerSec', 'publicationsPerSecPerUser'] as const).map((name) => [
      `too many publications by ${name}`,
      {
        code: errorCodes.tooManyRequests.code,
        options: { limits: { [name]: 1 }, anonymous: false, auth: () => ({ user: 'anna' }) },
        before: Array.from({ length: 5 }, () => ['publish', { channel: 'news:a', data: 1 }] as const),
        command: ['publish', { channel: 'news:a', data: 1 }],
        line: { check: 'limit', limit: 1, option: `limits.${name}` },
      },
    ]),
  ),
  'too many commands': {
    code: errorCodes.tooManyRequests.code,
    options: { limits: { commandsPerSec: 1, commandBurst: 2 } },
    before: Array.from({ length: 2 }, () => ['ping', {}] as const),
    command: ['ping', {}],
    line: { check: 'limit', limit: 1, option: 'limits.commandsPerSec' },
  },
};

describe('an error reply has a line', () => {
  test.each(Object.entries(errorCauses))('%s', async (_, { code, options, before = [], command, line }) => {
    const { port, told, lines } = await start(options);
    const client = await RawClient.connect(port);
    for (const [method, fields] of before) await client.command(method, fields);
    expect(errorCode(await client.command(...command))).toBe(code);
    expect(told(code)).toMatchObject([{ code, client: expect.any(String), ...line }]);
    expect(JSON.stringify(lines)).not.toContain(secret);
    await client.close();
  });

  test('commands that wait for slow ones: the limit of those', async () => {
    const finished = deferred();
    const slow = rpc({ allow: 'anyone', run: () => finished.promise.then((): unknown => null) });
    const { port, told } = await start({ rpc: { slow }, limits: { maxPendingCommands: 1 } });
    const client = await RawClient.connect(port);
    const first = client.command('rpc', { method: 'slow' });
    expect(errorCode(await client.command('ping', {}))).toBe(errorCodes.tooManyRequests.code);
    expect(told(111)).toMatchObject([{ check: 'limit', limit: 1, option: 'limits.maxPendingCommands' }]);
    finished.resolve();
    await first;
    await client.close();
  });
});

interface End {
  readonly code: number;
  readonly line: object;
  readonly options?: Parameters<typeof start>[0];
  /** Does not connect as usual, but sends this. */
  readonly unconnected?: (client: RawClient) => void;
  readonly act?: (client: RawClient, app: Awaited<ReturnType<typeof start>>['app']) => unknown;
}

const anna = { anonymous: false, auth: () => ({ user: 'anna' }) };
const connect = (client: RawClient) => client.ws.sendText('{"id":1,"connect":{}}');
const command = (client: RawClient, text: string) => client.ws.sendText(text);

let loseMessages = () => {};
const lateOne: Publication = { data: trustedJsonText('1'), offset: 7 };

const ends: Record<string, End> = {
  'auth that does not answer': {
    code: disconnectCodes.serverError.code,
    options: { anonymous: false, auth: () => new Promise(() => {}), limits: { connectTimeoutMs: 200 } },
    unconnected: connect,
    line: { check: 'limit', limit: 200, option: 'limits.connectTimeout', level: 'warn' },
  },
  'a time that is over': {
    code: disconnectCodes.expired.code,
    options: { anonymous: false, auth: () => ({ user: 'anna', expiresAt: Date.now() / 1_000 + 0.5 }) },
    act: () => {},
    line: { check: 'expiry', option: 'auth' },
  },
  'a reader that is too slow': {
    code: disconnectCodes.slow.code,
    options: { channels: { 'big:{id}': channel({ subscribe: 'anyone', maxMessageBytes: 900_000 }) } },
    act: async (client, app) => {
      await client.command('subscribe', { channel: 'big:1' });
      client.ws.pause();
      const big = 'x'.repeat(800_000);
      for (let i = 0; i < 30 && app.numClients > 0; i++) await app.publish('big:1' as never, big as never);
    },
    line: { check: 'limit', option: 'limits.maxQueueBytes' },
  },
  'a subscription of its token that is over': {
    code: disconnectCodes.subscriptionExpired.code,
    options: {
      anonymous: false,
      auth: {
        connect: async () => {
          const subscriptions = new Map([['news:a', { expiresAtMs: Date.now() + 300 }]]);
          return { ok: true, identity: { user: 'anna', subscriptions } };
        },
      },
    },
    act: () => {},
    line: { check: 'expiry', option: 'auth' },
  },
  'messages that are lost of a channel that the server put it into': {
    code: disconnectCodes.insufficientState.code,
    options: {
      anonymous: false,
      auth: () => ({ user: 'anna', channels: ['news:a'] }),
      broker: (ports) => {
        const broker = memory()(ports);
        const start = broker.start.bind(broker);
        broker.start = (events) => {
          loseMessages = () => events.onPublication(parseChannelName('news:a') as ChannelName, lateOne, 'other');
          return start(events);
        };
        return broker;
      },
    },
    act: async (_, app) => {
      await app.publish('news:a' as never, 1 as never);
      loseMessages();
    },
    line: { check: 'state', channel: 'news:a', ...ofRule('news:{topic}', 'history') },
  },
  'no answer to a ping': {
    code: disconnectCodes.noPong.code,
    options: { limits: { pingIntervalMs: 500, pongTimeoutMs: 100 } },
    act: (client) => {
      client.answersPings = false;
    },
    line: { check: 'limit', limit: 100, option: 'limits.pongTimeout' },
  },
  'no connect': {
    code: disconnectCodes.noPong.code,
    options: { limits: { connectTimeoutMs: 200 } },
    unconnected: () => {},
    line: { check: 'limit', limit: 200, option: 'limits.connectTimeout' },
  },
  'a flood of commands': {
    code: disconnectCodes.tooManyRequests.code,
    options: { limits: { commandsPerSec: 1, commandBurst: 2 } },
    act: (client) => {
      for (let id = 10; id < 20; id++) command(client, `{"id":${id},"ping":{}}`);
    },
    line: { check: 'limit', limit: 1, option: 'limits.commandsPerSec' },
  },
  'an auth function that knows nobody': {
    code: disconnectCodes.invalidToken.code,
    options: { anonymous: false, auth: () => null },
    unconnected: connect,
    line: { check: 'auth function', option: 'auth' },
  },
  'what is no command': {
    code: disconnectCodes.badRequest.code,
    act: (client) => command(client, 'hello'),
    line: { check: 'close', detail: expect.any(String) },
  },
  'too much before it is connected': {
    code: disconnectCodes.badRequest.code,
    options: { anonymous: false, auth: () => new Promise(() => {}), limits: { maxPendingCommands: 2 } },
    unconnected: (client) => {
      connect(client);
      for (let id = 10; id < 20; id++) command(client, `{"id":${id},"ping":{}}`);
    },
    line: { check: 'limit', limit: 2, option: 'limits.maxPendingCommands' },
  },
  'an order of the application': {
    code: disconnectCodes.forceNoReconnect.code,
    options: anna,
    act: (_, app) => app.disconnect('anna'),
    line: { check: 'close', detail: expect.any(String) },
  },
  'bytes for text': {
    code: disconnectCodes.inappropriateProtocol.code,
    act: (client) => client.ws.sendFrame({ opcode: 2, payload: 'x' }),
    line: { check: 'close', detail: expect.any(String) },
  },
  'nobody who may connect': {
    code: disconnectCodes.permissionDenied.code,
    options: { anonymous: false },
    unconnected: connect,
    line: { check: 'auth', option: 'auth', level: 'warn' },
  },
  'a message outside of any channel': {
    code: disconnectCodes.notAvailable.code,
    act: (client) => command(client, `{"send":{"data":"${secret}"}}`),
    line: { check: 'send', option: 'onMessage', level: 'warn' },
  },
  'a permission function that sends away': {
    code: 4567,
    act: (client) => command(client, '{"id":9,"subscribe":{"channel":"gone:a"}}'),
    line: { check: 'permission', ...ofRule('gone:{name}', 'subscribe') },
  },
};

describe('a connection that the server closes has a line', () => {
  test.each(Object.entries(ends))('%s', async (_, { code, options, unconnected, act, line }) => {
    const { app, port, told, lines } = await start(options);
    const client = unconnected === undefined ? await RawClient.connect(port) : await RawClient.open(port);
    unconnected?.(client);
    await act?.(client, app);
    await vi.waitFor(() => expect(told(code)).toHaveLength(1));
    expect(told(code)).toMatchObject([{ code, client: expect.any(String), ...line }]);
    expect(JSON.stringify(lines)).not.toContain(secret);
    client.ws.reset();
  });

  test('and a flood of those is ten lines a minute', async () => {
    const { port, told, lines } = await start();
    for (let i = 0; i < 15; i++) {
      const client = await RawClient.open(port);
      client.ws.sendText('hello');
      await client.ws.closed;
    }
    expect(told(disconnectCodes.badRequest.code)).toHaveLength(10);
    expect(lines.filter(({ fields }) => fields.code === disconnectCodes.badRequest.code)).toHaveLength(15);
  });
});

/** Not brought about above, each with the reason. */
const elsewhere: Record<number, string> = {
  [errorCodes.unauthorized.code]: 'never sent by the server itself',
  [errorCodes.expired.code]: 'never sent by the server itself',
  [errorCodes.tokenExpired.code]: 'test/auth/refused-tokens.test.ts',
  [disconnectCodes.connectionClosed.code]: 'the client has gone: nobody was refused',
  [disconnectCodes.shutdown.code]: 'refused-commands.test.ts: summed up in one line',
  [disconnectCodes.forceReconnect.code]: 'test/hardening: a request of another client has the secret',
  [disconnectCodes.connectionLimit.code]: 'a connection too many of one user is refused with 106',
};

test('every code has its cause', () => {
  const caused = [...Object.values(errorCauses), ...Object.values(ends)].map(({ code }) => code);
  const all = [...Object.values(errorCodes), ...Object.values(disconnectCodes)].map(({ code }) => code);
  expect(all.filter((code) => !caused.includes(code) && elsewhere[code] === undefined)).toEqual([]);
  expect(Object.keys(elsewhere).filter((code) => caused.includes(Number(code)))).toEqual([]);
});
