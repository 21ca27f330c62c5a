/** What a first try gets wrong: `ERR_CONFIG` with the option named, in place of a TypeError from within, or silence. */

import { createServer } from 'node:http';
import express from 'express';
import { channel, fanfare, jwt, rpc } from 'fanfare';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../src/engine/ports/logger.js';
import { served } from '../support/servers/served.js';

/** What a caller without types may pass. */
// biome-ignore lint/suspicious/noExplicitAny: that the types do not fit is what is tested
function untyped(value: unknown): any {
  return value;
}

/** Refused with the option named. */
function expectRefusal(attempt: () => unknown, named: string): void {
  expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(named) }));
}

describe('fanfare(options)', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'fanfare(options)'],
    ['a port', 8_000, 'fanfare(options)'],
    ['a misspelt option', { chanels: {} }, '"channels"'],
    ['an option of another place', { pingIntervalMs: 5_000 }, 'pingIntervalMs'],
    ['a rule without channel()', { channels: { news: { subscribe: 'anyone' } } }, 'channels → news'],
    ['a rule that is null', { channels: { news: null } }, 'channels → news'],
    ['rules in an array', { channels: [channel()] }, 'channels'],
    ['a function in place of rpc()', { rpc: { add: () => 1 } }, 'rpc → add'],
    ['a misspelt limit', { limits: { pingIntervall: 5 } }, '"pingIntervalMs"'],
    ['a misspelt transport', { transports: { longpoling: false } }, '"longPolling"'],
    ['a misspelt one-way path', { transports: { oneWay: { events: '/e' } } }, 'oneWay'],
    ['a path without /', { transports: { sse: 'sse' } }, 'transports → sse'],
    ['streams without a path', { durableStreams: {} }, 'durableStreams → path'],
    ['streams at the root', { durableStreams: { path: '/' } }, 'durableStreams → path'],
    ['streams at the path of a transport', { durableStreams: { path: '/connection' } }, 'durableStreams.path'],
    ['streams at the path of the API', { durableStreams: { path: '/api/x' } }, 'durableStreams.path'],
    [
      'bodies of streams of any size',
      { durableStreams: { path: '/s', maxBodyBytes: 1e9 } },
      'durableStreams → maxBodyBytes',
    ],
    ['a key of streams that is short', { durableStreams: { path: '/s', keys: ['short'] } }, 'durableStreams: a key'],
    ['a one-way path that is none', { transports: { oneWay: { sse: true } } }, 'transports → oneWay → sse'],
    ['a path that is a number', { path: 8_000 }, 'path'],
    ['a secret in place of jwt()', { auth: 'secret' }, 'auth'],
    ['an address in place of a broker', { broker: 'redis://localhost' }, 'broker'],
    ['one origin as a text', { origins: 'https://example.com' }, 'origins'],
    ['one proxy as a text', { trustProxies: '10.0.0.1' }, 'trustProxies'],
    ['a level in place of a log', { log: 'debug' }, 'log'],
    ['a log without levels', { log: { log() {} } }, 'log'],
    ['a misspelt event', { on: { conected() {} } }, '"connected"'],
    ['an event that is no function', { on: { connected: true } }, 'on → connected'],
  ])('%s', (_, options, named) => expectRefusal(() => fanfare(untyped(options)), named));
});

test('a transport that is true is at its usual path', async () => {
  const app = fanfare({ transports: { httpStream: true, longPolling: true, sse: true }, log: silentLogger });
  const { url } = await served(app);
  for (const path of ['http_stream', 'long_polling', 'sse'])
    expect((await fetch(`${url}/connection/${path}`, { method: 'PUT' })).status).toBe(405);
});

describe('channel(options)', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'channel(options)'],
    ['a misspelt option', { histroy: { size: 1, ttl: '1m' } }, '"history"'],
    ['a misspelt option of history', { history: { sise: 1 } }, '"size"'],
    ['a history that is a number', { history: 100 }, 'history'],
    ['a message that is no schema', { message: {} }, 'message'],
    ['a schema in words', { message: 'string' }, 'message'],
    ['a misspelt permission', { subscribe: 'anyon' }, '"anyone"'],
    ['a word that is none of joinLeave', { joinLeave: 'all' }, 'joinLeave'],
    ['a user limit in words', { userLimited: 'yes' }, 'userLimited'],
    ['a permission of publish for subscribe', { subscribe: 'subscriber' }, 'subscribe'],
    ['true for everybody', { publish: true }, 'publish'],
    ['a misspelt recovery', { history: { size: 1 }, recovery: 'streem' }, '"stream"'],
    ['a reader of history that does not exist', { history: { size: 1, read: 'users' } }, 'read'],
    ['presence for nobody known', { presence: 'members' }, 'presence'],
  ])('%s', (_, options, named) => expectRefusal(() => channel(untyped(options)), named));

  test.each<[string, unknown, string]>([
    ['a policy for slow readers that does not exist', { slow: 'newest' }, 'slow'],
    ['a window of no publications', { slow: { dropOldest: 0 } }, 'dropOldest'],
    ['a rate of nothing', { maxRate: { default: 0 } }, 'maxRate.default'],
    ['a map without keys', { map: { size: 0 } }, 'map.size'],
  ])('of a rule: %s', (_, options, named) =>
    expectRefusal(() => fanfare({ channels: { news: channel(untyped(options)) } }), named),
  );
});

describe('rpc(options), jwt(options)', () => {
  test.each<[string, () => unknown, string]>([
    ['a procedure without run', () => rpc(untyped({})), 'run'],
    ['a misspelt option of a procedure', () => rpc(untyped({ alow: 'anyone', run: () => 1 })), '"allow"'],
    ['a function alone', () => rpc(untyped(() => 1)), 'rpc(options)'],
    ['tokens without options', () => jwt(untyped(undefined)), 'jwt(options)'],
    ['a misspelt option of tokens', () => jwt(untyped({ secert: 'x' })), '"secret"'],
  ])('%s', (_, attempt, named) => expectRefusal(attempt, named));
});

describe('attach(server), listen(port)', () => {
  test.each<[string, unknown]>([
    ['an Express application', express()],
    ['nothing', undefined],
    ['a port', 8_000],
  ])('attach: %s', (_, server) => expectRefusal(() => fanfare({}).attach(untyped(server)), 'attach(server)'));

  test.each<[string, unknown, unknown, string]>([
    ['a port as a text', '8000', {}, 'port'],
    ['a port that does not exist', 70_000, {}, 'port'],
    ['a misspelt option', 0, { hots: '::1' }, '"host"'],
  ])('listen: %s', async (_, port, options, named) => {
    const listening = fanfare({}).listen(untyped(port), untyped(options));
    await expect(listening).rejects.toMatchObject({ code: 'ERR_CONFIG', message: expect.stringContaining(named) });
  });
});

describe('the options of a listener', () => {
  test.each<[string, unknown, string]>([
    ['a text', { deflate: 'yes' }, 'deflate'],
    ['a number', { deflate: 1 }, 'deflate'],
    ['a misspelt option', { deflate: { minByte: 1 } }, '"minBytes"'],
    ['a length that is none', { deflate: { minBytes: -1 } }, 'deflate → minBytes'],
    ['a dictionary that is no switch', { deflate: { dictionary: 'prices' } }, 'deflate → dictionary'],
    ['a misspelt name', { deflat: true }, '"deflate"'],
    ['seconds in place of milliseconds', { maxConnectionMs: 300 }, 'maxConnectionMs'],
    ['a time as a text', { maxConnectionMs: '5m' }, 'maxConnectionMs'],
  ])('%s', async (_, options, named) => {
    const app = fanfare({ log: silentLogger });
    expectRefusal(() => app.attach(createServer(), untyped(options)), named);
    await expect(app.listen(0, untyped(options))).rejects.toThrow(named);
  });
});
