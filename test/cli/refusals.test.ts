/** What `fanfare` refuses to start with: each with an exit code and the key named (B107 to B112). */

import { describe, expect, test } from 'vitest';
import { Folder, fanfare, testSecret } from './fanfare-process.js';
import { runInProcess } from './in-process.js';

/** Runs `fanfare check` and `fanfare serve` on a file; both must refuse. Returns what was said. */
async function refused(name: string, content: string | Buffer): Promise<string> {
  using folder = new Folder({ [name]: content });
  const checked = await runInProcess(['check'], { folder });
  const served = await runInProcess(['serve'], { folder });
  expect(checked.code).toBe(1);
  expect(served).toEqual({ ...checked, stdout: '' });
  return checked.stderr;
}

test.each([
  ['B107', { 'fanfare.yaml': 'limits: { pingInterval: 10 parsecs }' }, 'limits.pingInterval'],
  ['B108', { 'fanfare.json': '{"token": {"secret": ""}}' }, 'token.secret'],
  ['B109', { 'fanfare.yaml': 'limits: { pingInterval: 8s, pongTimeout: 8s }' }, 'limits.pongTimeout'],
  ['B110', { 'fanfare.json': Buffer.alloc(100_000_000, 0x20) }, 'fanfare.json'],
])('%s ends the process with 1 and the key named', async (_, files, key) => {
  using folder = new Folder(files);
  const { code, stdout, stderr } = await fanfare([], { folder });
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(key);
});

describe('B107 unknown keys and values of the wrong kind', () => {
  test.each([
    ['a broker that there is not', 'broker: kafka', 'broker', 'redis://'],
    ['an address of such a broker', 'broker: kafka://localhost:9092', 'broker', 'amqp://'],
    ['a broker by its name alone', 'broker: redis', 'broker', '"redis://localhost"'],
    ['a misspelt broker', 'broker: reddis://localhost', 'broker', '"redis://localhost"'],
    ['a group without indentation', 'limits:\npingInterval: 20s', 'limits', 'indent'],
    ['a rule without indentation', 'channels:\n  chat:\n  subscribe: user', 'channels → chat', 'indent'],
    ['a tab', 'token:\n\tsecret: x', 'line 2', 'spaces'],
    ['a pattern without quotes', 'channels: { chat:{room}: { subscribe: user } }', 'line 1', 'quotes'],
    ['a file that is not there', 'token: { secretFile: nope.key }', 'token.secretFile', '/nope.key'],
    ['a short secret', 'token: { secret: short }', 'token.secret', 'openssl rand'],
    ['an unknown key, with the one that was meant', 'prot: 8000', 'prot', '"port"'],
    ['an unknown key in a group', 'limits: { pingIntervall: 20s }', 'limits.pingIntervall', '"pingInterval"'],
    ['a key without its group', 'pingInterval: 20s', 'pingInterval', '"limits.pingInterval"'],
    ['an unknown key in a channel rule', 'channels: { a: { publsh: anyone } }', 'channels → a → publsh', '"publish"'],
    ['__proto__ as a key', '{"__proto__": 1}', '__proto__', 'unknown'],
    ['a text for a number', 'port: eight', 'port', '"eight"'],
    ['a quoted number for a number', 'limits: { commandsPerSec: "3" }', 'limits.commandsPerSec', '"3"'],
    ['a negative number', 'limits: { maxQueueBytes: -5 }', 'limits.maxQueueBytes', '-5'],
    ['a fraction', 'port: 80.5', 'port', '80.5'],
    ['a number that is no port', 'port: 65536', 'port', '65536'],
    ['10 parsecs', 'limits: { pingInterval: 10 parsecs }', 'limits.pingInterval', '"10 parsecs"'],
    ['a duration without a unit', 'limits: { pingInterval: 25 }', 'limits.pingInterval', '25'],
    ['a poll that does not wait', 'limits: { pollWait: 0 }', 'limits.pollWait', '0'],
    ['a negative duration', 'limits: { pongTimeout: -1s }', 'limits.pongTimeout', 'negative'],
    ['a text for true or false', 'anonymous: "yes"', 'anonymous', '"yes"'],
    ['an origin with a path', 'origins: [https://example.com/]', 'origins', 'origin'],
    ['a pattern that is none', 'channels: { "a{b": {} }', 'channels → a{b', 'pattern'],
    ['a permission that is none', 'channels: { a: { subscribe: all } }', 'channels → a → subscribe', '"all"'],
    ['a proxy that is no address', 'trustProxies: [nginx]', 'trustProxies', 'nginx'],
    ['joins for whom', 'channels: { a: { joinLeave: all } }', 'channels → a → joinLeave', 'push'],
    ['a personal channel without its user', 'personal: { channel: mine }', 'personal.channel', '{user}'],
    ['a personal channel without a rule', 'personal: { channel: "me:{user}" }', 'personal.channel', 'me:1'],
    [
      'one connection for each user, and a limit that refuses the second',
      '{ personal: { singleConnection: true }, limits: { maxConnectionsPerUser: 1 } }',
      'personal.singleConnection',
      'limits.maxConnectionsPerUser',
    ],
    ['a list where an object belongs', '[1, 2]', 'fanfare.yaml', 'object'],
  ])('%s', async (_, content, key, also) => {
    const said = await refused('fanfare.yaml', content);
    expect(said).toContain(key);
    expect(said).toContain(also);
  });

  test('in environment variables and flags, all at once', async () => {
    const { code, stderr } = await runInProcess(['check', '--limits-ping-interval', '10 parsecs', '--port=-1'], {
      env: { FANFARE_PROT: '1', FANFARE_METRICS: 'perhaps' },
    });
    expect(code).toBe(1);
    const flags = ['--limits-ping-interval: limits.pingInterval', '--port: port'];
    for (const key of [...flags, 'FANFARE_PROT', 'FANFARE_METRICS: metrics']) expect(stderr).toContain(key);
  });

  test('a service link of Kubernetes is no port', async () => {
    const env = {
      FANFARE_PORT: 'tcp://10.0.0.1:8000',
      FANFARE_SERVICE_HOST: '10.0.0.1',
      FANFARE_PORT_8000_TCP_ADDR: '10.0.0.1',
    };
    const { code, stdout } = await runInProcess(['check'], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^port +8000 +default$/m);
  });
});

describe('B108 secrets that protect nothing, and development mode that is reachable', () => {
  test.each([
    ['an empty one', '""', 'empty'],
    ['an empty list', '[]', 'empty'],
    ['one that is too short', '"0123456789abcdef0123456789abcde"', '32'],
    ['a placeholder', '"change-me-change-me-change-me-change-me"', 'placeholder'],
    ['one letter over and over', `"${'x'.repeat(40)}"`, 'guessed'],
    ['a good one and a bad one', `["${testSecret}", "short"]`, '32'],
  ])('%s', async (_, secret, reason) => {
    const said = await refused('fanfare.yaml', `token: { secret: ${secret} }`);
    expect(said).toContain('token.secret');
    expect(said).toContain(reason);
  });

  test('an empty secret in the environment', async () => {
    const { code, stderr } = await runInProcess(['serve', '--port', '0'], { env: { FANFARE_TOKEN_SECRET: '' } });
    expect(code).toBe(1);
    expect(stderr).toContain('FANFARE_TOKEN_SECRET: token.secret is empty');
  });

  test('an empty or missing secret file', async () => {
    using folder = new Folder({ empty: '\n\n' });
    for (const file of ['empty', 'missing']) {
      const { code, stderr } = await runInProcess(['serve', '--token-secret-file', file], { folder });
      expect(code).toBe(1);
      expect(stderr).toContain('token.secretFile');
    }
  });

  test('development mode on other addresses than loopback without a secret, or with anonymous clients', async () => {
    const open = await runInProcess(['dev', '--host', '0.0.0.0', '--port', '0']);
    expect(open.code).toBe(1);
    expect(open.stderr).toContain('token.secret');
    const env = { FANFARE_TOKEN_SECRET: testSecret };
    const anonymous = await runInProcess(['dev', '--host', '0.0.0.0', '--port', '0', '--anonymous'], { env });
    expect(anonymous.code).toBe(1);
    expect(anonymous.stderr).toContain('anonymous');
  });
});

describe('B109 options that contradict each other', () => {
  const rule = (options: string) => `channels: { a: { ${options} } }`;
  const limits = (options: string, more = '') => `{ limits: { ${options} }${more && `, ${more}`} }`;
  const hooks = (options: string, more = '') =>
    `{ hooks: { url: "http://127.0.0.1:1", ${options} }${more && `, ${more}`} }`;

  test.each([
    ['a pong time-out as long as the ping interval', limits('pingInterval: 8s, pongTimeout: 8s'), 'limits.pongTimeout'],
    ['a ping interval below the default pong time-out', 'limits: { pingInterval: 5s }', 'limits.pongTimeout'],
    ['a history size without a time to live', rule('history: { size: 10 }'), 'channels → a → history → ttl'],
    ['a history that lives for no time', rule('history: { size: 10, ttl: 0s }'), 'channels → a → history → ttl'],
    ['recovery without a history', 'channels: { a: { recovery: stream } }', 'recovery'],
    ['a queue smaller than a message', 'limits: { maxQueueBytes: 2KiB }', 'limits.maxQueueBytes'],
    ['no time to connect', 'limits: { connectTimeout: 1ms }', 'limits.connectTimeout'],
    ['two secrets', `token: { secret: ${testSecret}, secretFile: x }`, 'token.secretFile'],
    ['presence that expires before it is renewed', limits('presenceTtl: 20s', rule('presence: true')), 'channels'],
    ['a message larger than a queue', 'channels: { a: { maxMessageBytes: 2MiB } }', 'limits.maxQueueBytes'],
    ['more channels than a frame takes', limits('maxChannelsPerConnection: 5000'), 'limits.maxChannelsPerConnection'],
    ['cookies to the backend from every site', hooks('connect: /c, headers: [Cookie]', 'origins: "*"'), 'origins'],
    ['the internal listener on the public port', '{ port: 8123, internal: { port: 8123 } }', 'internal.port'],
    [
      'streams that are written over RabbitMQ',
      '{ broker: "amqp://127.0.0.1:1", durableStreams: { path: /streams } }',
      'durableStreams.readOnly',
    ],
  ])('%s', async (_, content, key) => expect(await refused('fanfare.yaml', content)).toContain(key));

  const memory = (bytes: string, size: number) =>
    `{ memory: { maxHistoryBytes: ${bytes} }, ${rule(`history: { size: ${size}, ttl: 1m }`)} }`;
  const pages = rule('recovery: off, history: { size: 5000, ttl: 5m }');
  const smallQueue = limits('maxQueueBytes: 60000, maxMessageBytes: 9000', rule('history: { size: 1000, ttl: 5m }'));

  test.each([
    ['history that no recovery brings', rule('history: { size: 5000, ttl: 5m }'), 'limits.maxRecoveredPublications'],
    ['history shorter than a dead connection lives', rule('history: { size: 5, ttl: 30s }'), 'history.ttl'],
    ['an option of another broker', 'redis: { prefix: mine }', 'redis.prefix'],
    [
      'streams of channels without a history',
      '{ durableStreams: { path: /s }, channels: { a: {} } }',
      'durableStreams.path',
    ],
    ['an option of streams that are not served', 'durableStreams: { readOnly: true }', 'durableStreams.readOnly'],
    [
      'personal channels that everybody may listen to',
      '{ personal: { channel: "me:{user}" }, channels: { "me:{user}": { subscribe: user } } }',
      'personal.channel',
    ],
    ['a rule behind one of the same names', '{ channels: { "a:{x}": {}, "a:b": {} } }', 'channels → a:b'],
    ['a rule behind one of all names below', 'channels: { "{x}:{y*}": {}, "a:{x}:{y*}": {} }', 'channels → a:{x}:{y*}'],
    ['channels by token without a key', '{ anonymous: true, channels: { a: { subscribe: token } } }', 'token.secret'],
    ['a memory that has no room for a message', memory('2KiB', 1), 'memory.maxHistoryBytes'],
    ['a history that the memory has no room for', memory('1MiB', 100_000), 'memory.maxHistoryBytes'],
    ['a map larger than all may be', `{ memory: { maxMapBytes: 1MiB }, ${rule('map: {}')} }`, 'memory.maxMapBytes'],
    ['a map smaller than a message', rule('map: { maxBytes: 2KiB }'), 'channels → a → map has room for 2048 bytes'],
    ['history that is read in pages', pages, 'limits.maxHistoryPublications (1000)'],
    ['a queue without room for a page of history', smallQueue, 'limits.maxQueueBytes (60000)'],
    ['a time to connect of a slip', 'limits: { connectTimeout: 500ms }', 'limits.connectTimeout is 500ms'],
    ['a time to connect that proxies cut', 'limits: { connectTimeout: 2m }', 'limits.connectTimeout is 2m'],
    ['polling clients that are given up at once', 'limits: { pollGrace: 1s }', 'limits.pollGrace is 1s'],
    ['users, where all are anonymous', `{ anonymous: true, ${rule('publish: user')} }`, 'channels → a → publish'],
    [
      'a limit on users, where all are anonymous',
      limits('maxConnectionsPerUser: 3', 'anonymous: true'),
      'limits.maxConnectionsPerUser',
    ],
    ['a limit on addresses, behind a proxy of this machine', limits('maxConnectionsPerAddress: 20'), 'trustProxies'],
    ['a burst without a rate', 'limits: { connectBurst: 20 }', 'limits.connectsPerSec'],
    [
      'events that the shutdown does not wait for',
      hooks('events: /e, timeout: 9s', 'shutdown: { deadline: 10s }'),
      'shutdown.deadline',
    ],
    ['an algorithm without a secret', 'token: { algorithm: HS512 }', 'token.algorithm'],
    ['options of a closed endpoint', limits('pollWait: 20s', 'transports: { longPolling: false }'), 'limits.pollWait'],
    ['a hook that takes longer than clients wait', hooks('rpc: /r, timeout: 4s'), 'hooks.rpc'],
    ['a grace over before a call can fail', hooks('connect: /c, refresh: /r, refreshGrace: 1s'), 'hooks.refreshGrace'],
    ['messages that the API has no room for', `api: { keys: ${testSecret}, maxBodyBytes: 2KiB }`, 'api.maxBodyBytes'],
    ['more channels than commands may wait', limits('maxChannelsPerConnection: 600'), 'limits.maxPendingCommands'],
  ])('a warning: %s', async (_, content, key) => {
    using folder = new Folder({ 'fanfare.yaml': content });
    const { code, stderr } = await runInProcess(['check'], { folder });
    expect(code).toBe(0);
    expect(stderr).toContain(key);
  });

  test('the defaults contradict nothing', async () => {
    using folder = new Folder({
      'fanfare.yaml': `{ token: { secret: ${testSecret} }, channels: { a: { history: { size: 300, ttl: 5m }, presence: true }, "a:b": {}, "a:{x}": {}, "a:{x*}": {}, "{x*}": { subscribe: token } } }`,
    });
    expect((await runInProcess(['check'], { folder })).stderr).not.toContain('warning');
  });
});

describe('B110 files that are none', () => {
  test.each([
    ['bad UTF-8', 'fanfare.yaml', Buffer.from([0x68, 0x3a, 0x20, 0xff]), 'UTF-8'],
    ['a key twice in YAML', 'fanfare.yaml', 'port: 1\nport: 2\n', 'line 2, column 1 (port is there twice)'],
    ['a key twice in JSON', 'fanfare.json', '{"port": 1,\n "port": 2}', 'line 2'],
    ['a key twice deep in JSON', 'fanfare.json', '{"limits": {"commandBurst": 1, "commandBurst": 2}}', 'commandBurst'],
    ['a NUL in JSON', 'fanfare.json', '{"port": 1}\0', 'JSON'],
    ['YAML with aliases', 'fanfare.yaml', 'origins: &a [https://a.b]\ntrustProxies: *a\n', 'alias'],
    ['a module without a default export', 'fanfare.config.mjs', 'export const port = 1;', 'default export'],
    ['a module that throws', 'fanfare.config.mjs', 'throw new Error("no luck");', 'no luck'],
  ])('%s', async (_, name, content, reason) => {
    const said = await refused(name, content);
    expect(said).toContain(name);
    expect(said).toContain(reason);
  });

  test('100 MB, unread', async () =>
    expect(await refused('fanfare.json', Buffer.alloc(100_000_000, 0x20))).toContain('larger than 1048576 bytes'));

  test('a file that is named but not there, a folder, and two files at once', async () => {
    using folder = new Folder();
    for (const path of ['nothing.yaml', '.']) {
      const { code, stderr } = await runInProcess(['check', '--config', path], { folder });
      expect(code).toBe(1);
      expect(stderr).toContain(path);
    }
    folder.write('fanfare.yaml', 'port: 1');
    folder.write('fanfare.json', '{"port": 1}');
    const { code, stderr } = await runInProcess(['check'], { folder });
    expect(code).toBe(1);
    expect(stderr).toContain('fanfare.json, fanfare.yaml');
  });
});

describe('B111, B112 secrets stay secret', () => {
  const wrong = ['carrierpigeon://user:hunter2@host', 'reddis://user:hun/ter2@host'];
  test.each(wrong)('a broker that is none is cited without its password: %s', async (broker) => {
    const said = await refused('fanfare.json', JSON.stringify({ broker }));
    expect(said).toContain('broker');
    expect(said).not.toMatch(/hun|ter2/);
  });

  test.skipIf(process.platform === 'win32')('a secret file that others can read is warned about', async () => {
    using folder = new Folder();
    folder.write('secret', `${testSecret}\n`, 0o644);
    const args = ['check', '--token-secret-file', 'secret'];
    expect(await runInProcess(args, { folder })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('chmod 600 secret'),
    });
    folder.write('kept', `${testSecret}\n`);
    const kept = await runInProcess(['check', '--token-secret-file', 'kept', '--anonymous'], { folder });
    expect(kept).toMatchObject({ code: 0, stderr: expect.not.stringContaining('chmod') });
  });

  test.skipIf(process.platform === 'win32')('so is a configuration file with a secret in it', async () => {
    using folder = new Folder();
    folder.write('fanfare.yaml', `token: { secret: ${testSecret} }`, 0o644);
    expect((await runInProcess(['check'], { folder })).stderr).toContain('chmod 600 fanfare.yaml');
  });

  test('check shows that there is one, and not which', async () => {
    using folder = new Folder({ 'fanfare.json': JSON.stringify({ token: { secret: [testSecret, testSecret] } }) });
    const { code, stdout, stderr } = await runInProcess(['check'], { folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^token\.secret +\*{8}, \*{8} +fanfare\.json$/m);
    expect(stdout + stderr).not.toContain(testSecret);
  });

  test.each([
    ['an unknown key beside it', `token: { secret: ${testSecret}, secrt: ${testSecret} }`],
    ['the secret in the wrong place', `token: ${testSecret}`],
    ['a mistake right behind it', `{"token": {"secret": "${testSecret}" "x": 1}}`],
    ['as a key, twice', `{ ${testSecret}: 1, ${testSecret}: 2 }`],
    ['a list of the wrong kind', `token: { secret: [1, ${testSecret}] }`],
  ])('no message cites it: %s', async (_, content) => {
    const name = content.startsWith('{') ? 'fanfare.json' : 'fanfare.yaml';
    expect(await refused(name, content)).not.toContain(testSecret.slice(0, 8));
  });

  test('a secret among the flags is warned about, not shown', async () => {
    const { code, stdout, stderr } = await runInProcess(['check', '--token-secret', testSecret]);
    expect(code).toBe(0);
    expect(stderr).toContain('--token-secret');
    expect(stdout + stderr).not.toContain(testSecret);
  });
});
