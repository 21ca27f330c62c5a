/**
 * `fanfare migrate centrifugo`. What is read are files in test/vectors/centrifugo: those for version 6 are accepted by
 * the checkconfig of Centrifugo 6.9.1, whose defaultconfig has written defaults-6.9.1.json.
 */

import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { answers, answerTo } from '../../src/cli/migrate/answers.js';
import { milliseconds, seconds } from '../../src/cli/migrate/values.js';
import { isOptionPath } from '../../src/config/options.js';
import { runInProcess } from './in-process.js';

const vectors = fileURLToPath(new URL('../vectors/centrifugo/', import.meta.url));

const path = mkdtempSync(join(tmpdir(), 'fanfare-migrated-'));
afterAll(() => rmSync(path, { recursive: true }));

/** Runs it on a file beside the test, or on one that is written for it. */
async function migrated(name: string, content?: string) {
  if (content === undefined) copyFileSync(vectors + name, join(path, name));
  else writeFileSync(join(path, name), content);
  const finished = await runInProcess(['migrate', 'centrifugo', name], { folder: { path } });
  const said = (kind: string) =>
    [...finished.stderr.matchAll(new RegExp(`^${kind} (\\S.*?): `, 'gm'))].map(([, from]) => from);
  return { ...finished, config: parse(finished.stdout), refused: said('refused'), changed: said('changed') };
}

async function checkExit(name: string): Promise<number | null> {
  return (await runInProcess(['check', '--config', name], { folder: { path } })).code;
}

test('a configuration of version 6 in YAML: rules, hooks, limits, listeners, the broker', async () => {
  const { code, config, refused, changed } = await migrated('six.yaml');
  expect(code).toBe(0);
  expect(config).toMatchObject({
    host: '0.0.0.0',
    port: 9001,
    internal: { port: 9002 },
    api: { keys: 'fedcba9876543210fedcba9876543210', internalOnly: true },
    token: { secret: '0123456789abcdef0123456789abcdef', audience: 'web' },
    origins: ['https://app.example.com'],
    broker: 'redis://10.0.0.5:6379',
    redis: { prefix: 'app' },
    limits: { pingInterval: '20s', pongTimeout: '5s', expiredGrace: '90s', maxConnectionsPerUser: 5 },
    hooks: { connect: { url: 'http://backend:3000/connect', timeout: '2s', headers: ['Cookie'] } },
    transports: { sse: true, httpStream: true },
    shutdown: { deadline: '20s' },
    personal: { channel: 'private:#{user}', singleConnection: true },
  });
  expect(config.channels).toMatchObject({
    'chat:{rest*}': {
      subscribe: 'user',
      publish: 'subscriber',
      history: { size: 100, ttl: '24h', read: 'user' },
      recovery: 'stream',
      presence: 'subscriber',
      joinLeave: 'push',
    },
    'price:{rest*}': { subscribe: 'anyone', history: { size: 1, ttl: '1h', read: 'nobody' }, recovery: 'cache' },
    'private:{rest*}': { subscribe: 'hook', userLimited: true },
    // Only tokens open it.
    'odd:{rest*}': { subscribe: 'token', publish: 'nobody' },
    '{name}': { subscribe: 'user', publish: 'nobody' },
  });
  expect(refused).toEqual(['admin', 'channel.namespaces odd.channel_regex']);
  expect(changed).toEqual(expect.arrayContaining(['engine.type', 'client.proxy']));
});

test('a configuration of version 5 in JSON, in which all names are at the top', async () => {
  const { code, config, refused } = await migrated('five.json');
  expect(code).toBe(0);
  expect(config).toMatchObject({
    port: 8000,
    broker: 'redis://:p%40ss%20word@localhost:6379',
    personal: { channel: '#{user}' },
    limits: { maxChannelsPerConnection: 200, expiredGrace: '30s' },
    hooks: { subscribe: { url: 'https://backend/subscribe', headers: ['Cookie', 'Authorization'] } },
    channels: {
      'chat:{rest*}': { subscribe: 'hook', publish: 'user', recovery: 'stream' },
      '{name}': { subscribe: 'user' },
    },
  });
  expect(config.hooks).not.toHaveProperty('connect');
  expect(config).not.toHaveProperty('api');
  expect(refused).toEqual(
    expect.arrayContaining(['http_api.key', 'admin', 'grpc_api', 'client.proxy.connect.endpoint']),
  );
});

test('TOML', async () => {
  const { code, config } = await migrated('six.toml');
  expect(code).toBe(0);
  expect(config).toMatchObject({
    origins: ['https://a.example', 'https://b.example'],
    token: { jwks: 'https://id.example/jwks.json', issuer: 'https://id.example/' },
    broker: 'nats://nats:4222',
    channels: { 'news:{rest*}': { subscribe: 'anyone', history: { size: 50, ttl: '450m' }, recovery: 'stream' } },
  });
});

test('the defaults of Centrifugo, written out, say nothing', async () => {
  const { code, refused, changed, config } = await migrated('defaults-6.9.1.json');
  expect([code, refused, changed]).toEqual([0, [], []]);
  expect(config.channels).toEqual({ '{name}': { subscribe: 'nobody', publish: 'nobody' } });
});

test('--out writes a file that only its user may read, and never over another', async () => {
  copyFileSync(`${vectors}six.toml`, join(path, 'six.toml'));
  const run = () => runInProcess(['migrate', 'centrifugo', 'six.toml', '--out', 'new.yaml'], { folder: { path } });
  expect((await run()).code).toBe(0);
  expect(statSync(join(path, 'new.yaml')).mode & 0o777).toBe(0o600);
  expect(await checkExit('new.yaml')).toBe(0);
  const before = readFileSync(join(path, 'new.yaml'), 'utf8');
  expect((await run()).code).toBe(2);
  expect(readFileSync(join(path, 'new.yaml'), 'utf8')).toBe(before);
});

describe('what cannot be read', () => {
  test.each([
    ['broken.json', '{"port": '],
    ['broken.yaml', 'a: [1'],
    ['broken.toml', 'a = '],
    ['twice.yaml', 'port: 1\nport: 2'],
    ['list.json', '[]'],
    ['empty.yaml', ''],
  ])('%s → a wrong command line', async (name, content) => {
    writeFileSync(join(path, name), content);
    expect((await runInProcess(['migrate', 'centrifugo', name], { folder: { path } })).code).toBe(2);
  });

  test('no file, and another server', async () => {
    const folder = { path };
    expect((await runInProcess(['migrate', 'centrifugo', 'nowhere.json'], { folder })).code).toBe(2);
    expect((await runInProcess(['migrate', 'pusher', 'six.toml'], { folder })).code).toBe(2);
    expect(existsSync(join(path, 'nowhere.json'))).toBe(false);
  });
});

test.each([
  ['an unknown option', { clinet: { token: {}, ping_interval: '25s' } }, 'clinet.ping_interval'],
  ['a value of the wrong kind', { client: { ping_interval: 'soon' } }, 'client.ping_interval'],
  ['a path of its own', { sse: { enabled: true, handler_prefix: '/events' } }, 'sse.handler_prefix'],
  ['a broker that there is not', { broker: { enabled: true, type: 'postgres' } }, 'broker.type'],
  ['consumers', { consumers: [{ name: 'k', type: 'kafka' }] }, 'consumers'],
  [
    'a proxy without its endpoint',
    { channel: { without_namespace: { publish_proxy_enabled: true, publish_proxy_name: 'x' } } },
    'channel.proxy.publish',
  ],
  ['a short secret', { client: { token: { hmac_secret_key: 'secret' } } }, 'client.token.hmac_secret_key'],
  ['insecure', { client: { insecure: true } }, 'client.insecure'],
  [
    'recovery without a history',
    { channel: { without_namespace: { force_recovery: true } } },
    'channel.without_namespace.force_recovery',
  ],
])('%s is told of, and nothing else', async (_, options, from) => {
  const { refused } = await migrated('case.json', JSON.stringify(options));
  expect(refused).toEqual([from]);
});

test.each([
  [{ join_leave: true, force_push_join_leave: true }, 'push', []],
  [{ join_leave: true, allow_presence_for_subscriber: true }, true, []],
  // Nobody hears them there: here everybody could ask.
  [{ join_leave: true }, undefined, ['channel.without_namespace.join_leave']],
  [{ force_push_join_leave: true }, undefined, ['channel.without_namespace.force_push_join_leave']],
])('joins by %j', async (options, joinLeave, told) => {
  const channel = { without_namespace: { allow_subscribe_for_client: true, presence: true, ...options } };
  const { config, changed } = await migrated('joins.json', JSON.stringify({ channel }));
  expect([config.channels['{name}'].joinLeave, changed]).toEqual([joinLeave, told]);
});

test.each([
  [{ publish_for_subscriber: true }, 'user', 'subscriber'],
  [{ publish_for_subscriber: true, publish_for_anonymous: true }, 'subscriber', 'subscriber'],
  [{ publish_for_client: true }, 'user', 'user'],
  [{ publish_for_client: true, publish_for_anonymous: true }, 'anyone', 'anyone'],
  [{ publish_for_client: true, publish_for_subscriber: true }, 'user', 'user'],
  [{}, 'nobody', 'nobody'],
])('who may publish by %j, where anybody subscribes: %s; where users do: %s', async (allowed, open, ofUsers) => {
  const options = Object.fromEntries(Object.entries(allowed).map(([key, value]) => [`allow_${key}`, value]));
  const namespaces = [
    { name: 'open', allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true, ...options },
    { name: 'users', allow_subscribe_for_client: true, ...options },
  ];
  const { config, refused, changed } = await migrated('who.json', JSON.stringify({ channel: { namespaces } }));
  expect(config.channels).toMatchObject({ 'open:{rest*}': { publish: open }, 'users:{rest*}': { publish: ofUsers } });
  expect([refused, changed]).toEqual([[], []]);
});

test('that a $ asks for a token is told of where there are tokens and channels', async () => {
  const client = { token: { hmac_secret_key: 'x'.repeat(32) } };
  const channel = { namespaces: [{ name: 'chat', allow_subscribe_for_client: true }] };
  expect((await migrated('t.json', JSON.stringify({ client, channel }))).changed).toEqual(['channel.private_prefix']);
  expect((await migrated('t.json', JSON.stringify({ channel }))).changed).toEqual([]);
  const none = { ...channel, private_prefix: '' };
  expect((await migrated('t.json', JSON.stringify({ client, channel: none }))).changed).toEqual([]);
});

test.each([
  [['*'], '*', []],
  [['https://a.example', '*'], '*', []],
  [['https://*.a.example', 'https://a.example'], ['https://*.a.example', 'https://a.example'], []],
  [['https://a.example', 'https://a*.example', 'a.example'], ['https://a.example'], ['client.allowed_origins']],
])('origins %j', async (allowed, origins, told) => {
  const { code, config, refused } = await migrated('o.json', JSON.stringify({ client: { allowed_origins: allowed } }));
  expect([code, config.origins, [...new Set(refused)]]).toEqual([0, origins, told]);
});

test('deltas and numbers of channels are taken over', async () => {
  const channel = { namespaces: [{ name: 'a', allowed_delta_types: ['fossil'], allow_channel_compaction: true }] };
  const { config, refused } = await migrated('delta.json', JSON.stringify({ channel }));
  expect(config).toMatchObject({ channels: { 'a:{rest*}': { delta: true, compaction: true } } });
  expect(refused).toEqual([]);
});

test.each([
  ['binary', {}, { data: 'bytes' }, ['publication_data_format'], []],
  [
    'binary',
    { allowed_delta_types: ['fossil'] },
    { data: 'bytes' },
    ['publication_data_format', 'allowed_delta_types'],
    [],
  ],
  ['json', { allowed_delta_types: ['fossil'] }, { delta: true }, [], []],
  ['json_object', {}, {}, ['publication_data_format'], []],
  ['', {}, {}, [], []],
  ['xml', {}, {}, [], ['publication_data_format']],
])('data of the format %j, with %j', async (format, options, rule, told, denied) => {
  const namespaces = [{ name: 'a', publication_data_format: format, ...options }];
  const { code, config, changed, refused } = await migrated('data.json', JSON.stringify({ channel: { namespaces } }));
  const here = (names: readonly string[]) => names.map((name) => `channel.namespaces a.${name}`);
  expect(config.channels['a:{rest*}']).toEqual({ subscribe: 'nobody', publish: 'nobody', ...rule });
  expect([code, changed, refused]).toEqual([0, here(told), here(denied)]);
});

test('a format for all channels is that of each namespace without one of its own', async () => {
  const namespaces = [{ name: 'a' }, { name: 'b', publication_data_format: 'json' }];
  const channel = { publication_data_format: 'binary', without_namespace: { presence: true }, namespaces };
  const { code, config, refused } = await migrated('data.json', JSON.stringify({ channel }));
  const kinds = Object.entries(config.channels as Record<string, { data?: string }>).map(([name, { data }]) => [
    name,
    data,
  ]);
  expect(kinds).toEqual([
    ['a:{rest*}', 'bytes'],
    ['b:{rest*}', undefined],
    ['{name}', 'bytes'],
  ]);
  expect([code, refused]).toEqual([0, []]);
});

test('filters by tags and compression are taken over', async () => {
  const channel = { namespaces: [{ name: 'a', allow_tags_filter: true }] };
  const websocket = { compression: true, compression_min_size: 512, compression_level: 5 };
  const { code, config, refused, changed } = await migrated('bytes.json', JSON.stringify({ channel, websocket }));
  expect(config).toMatchObject({
    channels: { 'a:{rest*}': { filterTags: 'any' } },
    deflate: { enabled: true, minBytes: 512 },
  });
  expect([code, refused, changed]).toEqual([0, [], []]);
});

test('a personal channel without a namespace has a rule, and one connection is not also a limit of one', async () => {
  const client = {
    user_connection_limit: 1,
    subscribe_to_user_personal_channel: { enabled: true, single_connection: true },
  };
  const channel = { without_namespace: { presence: true, allow_user_limited_channels: true } };
  const { code, config, changed } = await migrated('personal.json', JSON.stringify({ client, channel }));
  expect(code).toBe(0);
  expect(config).toMatchObject({
    personal: { channel: '#{user}', singleConnection: true },
    channels: { '{name}': { userLimited: true } },
  });
  expect(config.limits ?? {}).not.toHaveProperty('maxConnectionsPerUser');
  expect(changed).toEqual(['client.user_connection_limit']);
});

test('secrets are in the configuration and nowhere else', async () => {
  const { stderr } = await migrated('six.yaml');
  expect(stderr).not.toMatch(/0123456789abcdef|fedcba9876543210|secretpassword|adminsecret/);
});

test.each([
  ['1m30s', 90_000, '90s'],
  ['24h0m0s', 86_400_000, '24h'],
  ['0s', 0, '0ms'],
  ['1.5s', 1_500, '1500ms'],
  ['720h', 2_592_000_000, '720h'],
  [25_000_000_000, 25_000, '25s'],
  ['soon', undefined, undefined],
])('a duration of Go, %s', (text, ms, written) => expect([milliseconds(text), seconds(text)]).toEqual([ms, written]));

test('namespaces that are maps are rules with `map`', async () => {
  const who = { allow_publish_for_subscriber: true, allow_remove_for_subscriber: true };
  const namespaces = [
    ['scores', { mode: 'recoverable', key_ttl: '10m', stream_size: 500, stream_ttl: '5m', ...who }],
    ['votes', { mode: 'persistent', client_key: 'user_id', allow_publish_for_client: true }],
    [
      'cursors',
      { mode: 'ephemeral', key_ttl: '30s', client_key: 'client_id', remove_client_on_unsubscribe: true, ...who },
    ],
    ['pieces', { mode: 'persistent', client_key: 'client_id', default_page_size: 50 }],
    ['asked', { mode: 'persistent', publish_proxy_enabled: true }],
  ].map(([name, map]) => ({
    ...{ name, map, subscription_type: 'map' },
    ...{ allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true, allow_publish_for_client: true },
  }));
  const content = JSON.stringify({
    client: { allowed_origins: ['https://example.org'], allow_anonymous_connect_without_token: true },
    channel: {
      namespaces: [...namespaces, { name: 'users', subscription_type: 'map_users', map: { mode: 'persistent' } }],
    },
  });
  const { code, config, refused, changed } = await migrated('maps.json', content);
  expect(code).toBe(0);
  const open = { subscribe: 'anyone' };
  expect(config.channels).toMatchObject({
    'scores:{rest*}': { ...open, publish: 'user', map: { ttl: '10m' }, history: { size: 500, ttl: '5m' } },
    'votes:{rest*}': { ...open, publish: 'user', map: { key: 'user' } },
    'cursors:{rest*}': { ...open, publish: 'user', map: { key: 'client', ttl: '30s' } },
    'pieces:{rest*}': { ...open, publish: 'nobody', map: { key: 'client', ttl: '1m' } },
    'asked:{rest*}': { ...open, publish: 'nobody', map: {} },
  });
  expect(config.channels['votes:{rest*}']).not.toHaveProperty('recovery');
  expect(refused).toEqual([
    'channel.namespaces asked.map.publish_proxy_enabled',
    'channel.namespaces users.subscription_type',
    'channel.namespaces users.map',
  ]);
  expect(changed).toEqual([
    'channel.namespaces votes.map.allow_remove_for_…',
    'channel.namespaces pieces.map.remove_client_on_unsubscribe',
    'channel.namespaces pieces.map.client_key',
  ]);
});

describe('the table', () => {
  test('has an answer to every option that Centrifugo 6.9.1 knows', () => {
    const unanswered: string[] = [];
    const visit = (value: unknown, at: string) => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
        for (const [key, below] of Object.entries(value)) visit(below, at === '' ? key : `${at}.${key}`);
      } else if (answerTo(at) === undefined) unanswered.push(at);
    };
    visit(JSON.parse(readFileSync(`${vectors}defaults-6.9.1.json`, 'utf8')), '');
    expect(unanswered).toEqual([]);
  });

  test('names options that there are', () => {
    for (const answer of Object.values(answers)) {
      if ('to' in answer) expect(isOptionPath(answer.to), answer.to).toBe(true);
      const text = 'about' in answer ? answer.about : 'needless' in answer ? answer.needless : '';
      for (const [, option = ''] of text.matchAll(/`((?:limits|hooks|token|tls|api|internal)\.\w+)(?:: \w+)?`/g))
        expect(isOptionPath(option), option).toBe(true);
    }
  });
});
