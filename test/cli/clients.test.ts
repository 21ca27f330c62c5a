/** `fanfare dev` with `token`, `publish` and `subscribe` against it, all as processes. */

import { beforeAll, describe, expect, test } from 'vitest';
import { FanfareProcess, Folder, fanfare, testSecret } from './fanfare-process.js';
import { handshakeStatus } from './handshake.js';

const apiKey = 'fedcba9876543210fedcba9876543210';
let folder: Folder;
let server: FanfareProcess;
/** What the client commands need to know. */
let env: Record<string, string>;

beforeAll(async () => {
  folder = new Folder({
    'fanfare.yaml': `token: { secret: ${testSecret}, issuer: fanfare-test }
channels:
  "chat:{room}": { subscribe: anyone, publish: anyone, history: { size: 10, ttl: 1h }, presence: true }
  "users": { subscribe: user, publish: user }
  "secret:{x}": { subscribe: token, publish: subscriber }
  "log": { subscribe: anyone }
  "score:{x}": { subscribe: anyone, history: { size: 10, ttl: 1h }, maxRate: { default: 10 }, slow: latest }
  "slowed:{x}": { subscribe: anyone, history: { size: 10, ttl: 1h }, maxRate: { max: 10 } }
  "frames:{x}": { data: bytes, subscribe: anyone, history: { size: 10, ttl: 1h } }
api: { keys: "${apiKey}" }`,
  });
  server = new FanfareProcess(['dev', '--port', '0'], { folder });
  // The forms that connect() takes: without the path, and with http.
  env = { FANFARE_URL: await server.listening() };
  return async () => {
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  };
});

/** The JSON lines of an output. */
function linesOf(stdout: string): { data: unknown; offset?: number; info?: { user: string } }[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

describe('publish and subscribe', () => {
  test('what is published arrives, one JSON line each, after the history that was asked for', async () => {
    for (const n of [1, 2, 3]) expect((await fanfare(['publish', 'chat:history', String(n)], { env })).code).toBe(0);
    await using subscriber = new FanfareProcess(['subscribe', 'chat:history', '--history', '2', '--count', '4'], {
      env,
    });
    await subscriber.seen('stdout', /"data":3/);
    expect((await fanfare(['publish', 'chat:history', '-'], { env, input: '{"text":"four"}\n' })).code).toBe(0);
    expect((await fanfare(['publish', 'chat:history', '5'], { env })).code).toBe(0);
    const { code, stdout } = await subscriber.exited;
    expect(code).toBe(0);
    const lines = linesOf(stdout);
    expect(lines.map(({ data }) => data)).toEqual([2, 3, { text: 'four' }, 5]);
    expect(lines.map(({ offset }) => offset)).toEqual([2, 3, 4, 5]);
  });

  test('bytes have a size, and are readable if they are text, with the tags that they came with', async () => {
    const publish = (bytes: Uint8Array) =>
      fetch(`${(env.FANFARE_URL ?? '').replace('ws', 'http')}/api/publish`, {
        method: 'POST',
        headers: { 'X-API-Key': apiKey, 'Content-Type': 'application/json' },
        body: JSON.stringify({
          channel: 'frames:1',
          b64data: Buffer.from(bytes).toString('base64'),
          tags: { kind: 'key' },
        }),
      });
    expect((await publish(Buffer.from('Ünï'))).status).toBe(200);
    await using subscriber = new FanfareProcess(['subscribe', 'frames:1', '--history', '1', '--count', '2'], { env });
    await subscriber.seen('stdout', /"offset":1/);
    await publish(Uint8Array.of(0, 255, 16));
    expect(linesOf((await subscriber.exited).stdout)).toEqual([
      { channel: 'frames:1', size: 5, text: 'Ünï', b64data: 'w5xuw68=', offset: 1, tags: { kind: 'key' } },
      { channel: 'frames:1', size: 3, hex: '00 ff 10', b64data: 'AP8Q', offset: 2, tags: { kind: 'key' } },
    ]);
  });

  test.each([
    ['of the rule', 'score:1', []],
    ['that is asked for', 'slowed:1', ['--max-rate', '10']],
  ])('at a rate %s a line says how many publications before it were left out', async (_, name, flags) => {
    const batch = (...values: readonly number[]) =>
      fetch(`${(env.FANFARE_URL ?? '').replace('ws', 'http')}/api/batch`, {
        method: 'POST',
        headers: { 'X-API-Key': apiKey, 'Content-Type': 'application/json' },
        body: JSON.stringify({ commands: values.map((data) => ({ publish: { channel: name, data } })) }),
      });
    await using subscriber = new FanfareProcess(['subscribe', name, '--count', '2', ...flags], { env });
    await subscriber.seen('stderr', new RegExp(`subscribed to ${name}`));
    expect((await batch(1)).status).toBe(200);
    await subscriber.seen('stdout', /"offset":1/);
    expect((await batch(2, 3, 4)).status).toBe(200);
    expect(linesOf((await subscriber.exited).stdout)).toEqual([
      { channel: name, data: 1, offset: 1 },
      { channel: name, data: 4, offset: 4, leftOut: 2 },
    ]);
  });

  test.each(['0', 'often', '-1', ''])('a rate of "%s" is none', async (rate) => {
    const { code, stderr } = await fanfare(['subscribe', 'slowed:1', '--max-rate', rate], { env });
    expect(code).toBe(2);
    expect(stderr).toContain('--max-rate');
  });

  test('subscribe ends with 0 on SIGINT', async () => {
    await using subscriber = new FanfareProcess(['subscribe', 'chat:idle'], { env });
    await subscriber.seen('stderr', /subscribed to chat:idle/);
    subscriber.signal('SIGINT');
    expect((await subscriber.exited).code).toBe(0);
  });

  test('with a configured secret they make their own tokens, for a user and for a channel', async () => {
    await using subscriber = new FanfareProcess(['subscribe', 'secret:1', '--count', '1', '--user', 'ann'], {
      env,
      folder,
    });
    await subscriber.seen('stderr', /subscribed to secret:1/);
    await using users = new FanfareProcess(['subscribe', 'users', '--count', '1'], { env, folder });
    await users.seen('stderr', /subscribed to users/);
    expect((await fanfare(['publish', 'users', '"hi"', '--user', 'bob'], { env, folder })).code).toBe(0);
    const [line] = linesOf((await users.exited).stdout);
    expect(line).toMatchObject({ data: 'hi', info: { user: 'bob' } });
  });

  test.each([
    ['an unknown channel', ['publish', 'nope', '1'], '102'],
    ['a channel that clients may not publish to', ['publish', 'log', '1'], '103'],
    ['a channel for users', ['publish', 'users', '1'], '103'],
    ['a channel that needs a token', ['subscribe', 'secret:1'], '103'],
    ['a history that is not kept', ['subscribe', 'log', '--history', '1'], '108'],
    ['a bad token', ['publish', 'users', '1', '--token', 'x.y.z'], '3500'],
  ])('%s ends with 1 and the code', async (_, args, expected) => {
    const { code, stdout, stderr } = await fanfare(args, { env });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`(${expected})`);
  });

  test('a server that is not there ends with 1, with the reason', async () => {
    const { code, stderr } = await fanfare(['publish', 'chat:1', '1', '--url', 'ws://127.0.0.1:1/']);
    expect(code).toBe(1);
    expect(stderr).toContain('ECONNREFUSED');
  });
});

describe('token', () => {
  test('a connection token lets its user in', async () => {
    const { code, stdout } = await fanfare(['token', '--user', '42', '--ttl', '5m', '--info', '{"name":"Ann"}'], {
      folder,
    });
    expect(code).toBe(0);
    await using users = new FanfareProcess(['subscribe', 'users', '--count', '1', '--token', stdout.trim()], { env });
    await users.seen('stderr', /subscribed to users/);
    const published = await fanfare(['publish', 'users', '1'], { env: { ...env, FANFARE_TOKEN: stdout.trim() } });
    expect(published.code).toBe(0);
    const [line] = linesOf((await users.exited).stdout);
    expect(line).toMatchObject({ info: { user: '42', connInfo: { name: 'Ann' } } });
  });

  test('has the claims that were asked for', async () => {
    const args = ['token', '--user', '7', '--ttl', '0', '--channel', 'chat:a', '--channel', 'chat:b'];
    const claims = claimsOf((await fanfare(args, { folder })).stdout);
    expect(claims).toEqual({ sub: '7', iss: 'fanfare-test', channels: ['chat:a', 'chat:b'], iat: expect.any(Number) });
    const subscription = claimsOf(
      (await fanfare(['token', '--user', '7', '--subscribe', 'secret:9'], { folder })).stdout,
    );
    expect(subscription).toMatchObject({ sub: '7', channel: 'secret:9' });
    expect(Number(subscription.exp) - Number(subscription.iat)).toBe(3_600);
  });

  test('without a secret it says which option is missing', async () => {
    const { code, stderr } = await fanfare(['token', '--user', '42']);
    expect(code).toBe(1);
    expect(stderr).toContain('token.secret');
  });
});

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

describe('dev', () => {
  test('says loudly what is open, and makes tokens possible', async () => {
    await using open = new FanfareProcess(['dev', '--port', '0']);
    const url = await open.listening();
    const said = await open.seen('stdout', /FANFARE_TOKEN_SECRET=(\S+)/);
    expect(open.stdout).toContain('development mode');
    expect(open.stdout).toMatch(/OPEN .*127\.0\.0\.1/);
    expect(open.stdout).toContain('chat:{room}: subscribe: anyone, publish: anyone');
    const clientEnv = {
      FANFARE_URL: `${url.replace('http', 'ws')}/connection/websocket`,
      FANFARE_TOKEN_SECRET: said[1] ?? '',
    };
    expect((await fanfare(['publish', 'chat:lobby', '{"text":"hi"}', '--user', '42'], { env: clientEnv })).code).toBe(
      0,
    );
  });

  test('lets the pages of its own in, and no others, whatever name they give this machine', async () => {
    await using open = new FanfareProcess(['dev', '--port', '0']);
    const url = await open.listening();
    expect(await handshakeStatus(url, { Origin: url })).toBe(101);
    expect(await handshakeStatus(url, { Origin: url.replace('127.0.0.1', 'localhost') })).toBe(101);
    expect(await handshakeStatus(url, { Origin: 'https://evil.example.com' })).toBe(403);
    const rebound = new URL(url).host.replace('127.0.0.1', 'evil.example.com');
    expect(await handshakeStatus(url, { Host: rebound, Origin: `http://${rebound}` })).toBe(403);
  });

  test('keeps what the configuration sets', async () => {
    expect(server.stdout).toContain('log: subscribe: anyone, publish: nobody');
    expect(server.stdout).not.toContain(testSecret);
  });
});
