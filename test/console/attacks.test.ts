/** Bad inputs B99–B106: what strangers, other sites and forged sessions get from the console. */

import { afterAll, describe, expect, it } from 'vitest';
import { exchange } from '../support/clients/raw-http.js';
import { consolePassword, startConsoleServer } from '../support/servers/console-server.js';

const server = await startConsoleServer();
afterAll(() => server[Symbol.asyncDispose]());
const cookie = await server.logIn();

/** Of the answer to `nodes`, and the code of its error. */
async function asked(headers: Readonly<Record<string, string | undefined>>) {
  const { status, body } = await server.post('/console/api/nodes', {}, { Cookie: cookie, ...headers });
  return [status, body?.error?.code];
}

it('lets in who has the cookie of a login, and nobody else', async () => {
  expect(await asked({})).toEqual([200, undefined]);
  expect(await asked({ Cookie: undefined })).toEqual([401, 101]);
  expect(cookie).not.toContain(consolePassword);
});

it('B99 guessing of passwords → 401, then 429 with the time to wait, for the right one, too', async () => {
  await using guessed = await startConsoleServer();
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 12; attempt++) {
    statuses.push((await guessed.post('/console/login', { password: `wrong-${attempt}` })).status);
  }
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
  expect(statuses.slice(10)).toEqual([429, 429]);
  const right = await guessed.post('/console/login', { password: consolePassword });
  expect([right.status, right.body.error.code, right.headers.get('retry-after')]).toEqual([429, 111, '10']);
  expect(right.headers.get('set-cookie')).toBeNull();
  // Each kind once, with the check's option and without what was tried.
  expect(guessed.warnings.map(({ api, status, option }) => [api, status, option])).toEqual([
    ['console login', 401, 'console.password'],
    ['console login', 429, 'console.password'],
  ]);
  expect(JSON.stringify(guessed.warnings)).not.toMatch(/wrong-|Drachen/);
});

describe('B100 a POST from another site → 403', () => {
  it.each<[string, Readonly<Record<string, string | undefined>>]>([
    ['of another origin', { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }],
    ['of another origin, from an old browser', { Origin: 'https://evil.example', 'Sec-Fetch-Site': undefined }],
    ['of another port of the host', { Origin: server.url.replace(/\d+$/, '1'), 'Sec-Fetch-Site': 'same-site' }],
    ['of a sandboxed frame', { Origin: 'null' }],
    ['without an origin', { Origin: undefined }],
    ['that says it is of another site', { 'Sec-Fetch-Site': 'cross-site' }],
  ])('%s', async (_, headers) => {
    expect(await asked(headers)).toEqual([403, 103]);
    const login = await server.post('/console/login', { password: consolePassword }, headers);
    expect([login.status, login.headers.get('set-cookie')]).toEqual([403, null]);
    expect((await server.post('/console/logout', {}, headers)).status).toBe(403);
  });

  it('as a form or as plain text → 415', async () => {
    const form = await server.post('/console/api/disconnect', 'user=42', {
      Cookie: cookie,
      'Content-Type': 'application/x-www-form-urlencoded',
    });
    expect(form.status).toBe(415);
    expect((await server.post('/console/login', '{}', { 'Content-Type': 'text/plain' })).status).toBe(415);
  });

  it('is logged with what a proxy would have to pass on', async () => {
    expect(server.warnings.some(({ host, origin }) => host !== undefined && origin === 'https://evil.example')).toBe(
      true,
    );
  });
});

it('B102 framing → denied, and nothing inline or from elsewhere', async () => {
  for (const path of ['/console/', '/console/app.js', '/console/style.css']) {
    const { headers, status } = await fetch(server.url + path);
    expect(status).toBe(200);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
  const page = await (await fetch(`${server.url}/console/`)).text();
  expect(page).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*\ssrc=)/);
});

describe('B103 a token in the URL → refused', () => {
  const value = cookie.split('=')[1] ?? '';

  it.each([
    ['GET', `/console/?token=${value}`],
    ['GET', `/console/app.js?password=${consolePassword}`],
  ])('%s %s', async (_, path) => expect((await fetch(server.url + path)).status).toBe(400));

  it.each([
    [`/console/api/nodes?fanfare_console=${value}`, undefined],
    [`/console/api/nodes?token=${value}`, cookie],
    [`/console/login?password=${consolePassword}`, undefined],
  ])('POST %s', async (path, with_) => {
    const { status, headers } = await server.post(path, { password: consolePassword }, { Cookie: with_ });
    expect([status, headers.get('set-cookie')]).toEqual([400, null]);
  });
});

describe('B104 paths that leave the folder → 404', () => {
  it.each([
    '/console/../package.json',
    '/console/..%2fpackage.json',
    '/console/%2e%2e/index.js',
    '/console/..\\index.js',
    '/console//etc/passwd',
    '/console/app.js/',
    '/console/app.js%00.css',
    '/console/build.mjs',
    '/console/api/nodes',
  ])('%s', async (path) => {
    const { port } = new URL(server.url);
    const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
    const { responses } = await exchange(Number(port), Buffer.from(head));
    // A method of the API is there for a POST.
    expect(responses.map(({ status }) => status)).toEqual([path === '/console/api/nodes' ? 405 : 404]);
  });
});

describe('B105 a session that was changed or has expired → 401', () => {
  const [name = '', value = ''] = cookie.split('=');
  const [untilSec = '', nonce = '', mac = ''] = value.split('.');

  it.each([
    ['a longer life', `${Number(untilSec) + 1_000}.${nonce}.${mac}`],
    ['one that is over', `${Math.floor(Date.now() / 1_000) - 1}.${nonce}.${mac}`],
    ['another nonce', `${untilSec}.${nonce.split('').reverse().join('')}.${mac}`],
    ['another signature', `${untilSec}.${nonce}.${mac.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`],
    ['no signature', `${untilSec}.${nonce}.`],
    ['the password', consolePassword],
    ['nothing', ''],
    ['a megabyte less a header', 'x'.repeat(8_000)],
  ])('%s', async (_, forged) => expect(await asked({ Cookie: `${name}=${forged}` })).toEqual([401, 101]));

  it('one that another password has signed', async () => {
    await using other = await startConsoleServer({ password: 'another-Password-7' });
    const theirs = await other.logIn('another-Password-7');
    expect(await asked({ Cookie: theirs })).toEqual([401, 101]);
  });

  it('is a cookie that scripts cannot read and other sites do not send', async () => {
    const { headers } = await server.post('/console/login', { password: consolePassword });
    const attributes = headers.get('set-cookie')?.split('; ') ?? [];
    expect(attributes).toEqual(
      expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/console', 'Max-Age=43200']),
    );
    const host = server.url.replace('http://', '');
    const secure = await server.post('/console/login', { password: consolePassword }, { Origin: `https://${host}` });
    expect(secure.headers.get('set-cookie')).toContain('; Secure');
  });
});

describe('B106 a stream of events for another origin → 403', () => {
  it.each(['events', 'tail', 'batch'])('%s', async (method) => {
    const headers = { Cookie: cookie, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    const { status, headers: answered } = await server.post(`/console/api/${method}`, { channel: 'chat:x' }, headers);
    expect(status).toBe(403);
    // Nor could the page read what it got.
    expect([...answered.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('has no socket', async () => {
    const answer = await fetch(`${server.url}/console/api/events`, { headers: { Upgrade: 'websocket' } }).catch(String);
    expect(typeof answer === 'string' || answer.status >= 400).toBe(true);
  });
});

describe('a function of the application decides instead of a password', () => {
  it('for each request, by its headers', async () => {
    await using own = await startConsoleServer({ allow: ({ headers }) => headers.cookie === 'role=operator' });
    const ask = async (headers: Readonly<Record<string, string>>) =>
      (await own.post('/console/api/nodes', {}, headers)).status;
    expect(await ask({ Cookie: 'role=operator' })).toBe(200);
    expect(await ask({ Cookie: 'role=guest' })).toBe(403);
    expect(await ask({ Cookie: 'role=operator', Origin: 'https://evil.example' })).toBe(403);
    expect((await own.post('/console/login', { password: consolePassword })).status).toBe(404);
  });

  it.each([{}, { password: consolePassword, allow: () => true }, { password: 'short' }, { password: [] }])(
    '%o is refused',
    async (options) => {
      await expect(startConsoleServer(options as never)).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    },
  );
});
