/** `fanfare doctor` on real servers with one fault each: it finds that fault, and no other. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channel, jwt } from 'fanfare';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeCertificate } from '../support/programs/certificate.js';
import { freePort } from '../support/programs/free-port.js';
import { portOf, served } from '../support/servers/served.js';
import { signed } from '../support/servers/signed.js';
import { application, doctor, limits, noWait, secret, server } from './doctored.js';
import { runInProcess } from './in-process.js';

// What it needs is loaded when it is first called, which takes its time beside other work.
beforeAll(() => runInProcess(['doctor', '--help']), 120_000);

describe('all is well', () => {
  test('with a server alone, with a token, a channel, a message, and its recovery', async () => {
    const port = await server({ anonymous: false, auth: jwt({ secret }), limits });
    const flags = [
      '--secret',
      secret,
      '--channel',
      'news',
      '--publish',
      '{"n":1}',
      '--origin',
      `http://127.0.0.1:${port}`,
    ];
    const { codes, findings } = await doctor(port, flags);
    expect(codes).toEqual([]);
    const well = findings.filter(({ outcome }) => outcome === 'well').map(({ station }) => station);
    expect(well).toEqual(
      expect.arrayContaining([
        'dns',
        'tcp',
        'http',
        'clock',
        'websocket',
        'origin',
        'token',
        'subscribe',
        'publish',
        'recovery',
        'http streaming',
        'server-sent events',
        'long polling',
        'silence',
      ]),
    );
    expect(findings.find(({ station }) => station === 'recovery')?.message).toContain('1 missed');
  });

  test('in lines for people', async () => {
    const { code, stdout } = await runInProcess(['doctor', `http://127.0.0.1:${await server()}`, ...noWait]);
    expect(code).toBe(0);
    expect(stdout).toContain('all is well');
  });
});

describe('without a proxy', () => {
  test('nothing listens', async () => {
    const { codes } = await doctor(await freePort(), noWait);
    expect(codes).toEqual(['unreachable']);
  });

  test('something that is no HTTP', async () => {
    const port = await portOf(createServer((socket) => socket.destroy()));
    expect((await doctor(port, noWait)).codes).toEqual(['no-server']);
  });

  test('IPv6 only: by name, by an address that is not taken, and by DNS', async () => {
    const app = application();
    onTestFinished(() => app.close(500));
    const { port } = await app.listen(0, { host: '::1' });
    for (const [url, flags] of [
      [`http://localhost:${port}`, []],
      [`http://realtime.example.com:${port}`, ['--resolve', '::1']],
      [`http://realtime.example.com:${port}`, ['--resolve', '127.0.0.1', '--resolve', '::1']],
    ] as const) {
      const { codes, findings } = await doctor(url, [...noWait, ...flags]);
      expect(codes).toEqual(['ipv6-only']);
      expect(findings.find(({ station }) => station === 'websocket')).toMatchObject({ outcome: 'well' });
    }
  });

  test('a path that is wrong, and the one that is right', async () => {
    const port = await server();
    const { codes, findings } = await doctor(`http://127.0.0.1:${port}/connection/websockt`, noWait);
    expect(codes).toEqual(['wrong-path']);
    expect(findings.find(({ code }) => code === 'wrong-path')?.message).toContain('/connection/websocket');
  });

  test('a page whose origin is not allowed', async () => {
    const { codes } = await doctor(await server({ origins: ['https://app.example.com'] }), [
      ...noWait,
      '--origin',
      'https://other.example.com',
    ]);
    expect(codes).toEqual(['origin']);
    const own = await doctor(await server({ origins: ['https://app.example.com'] }), [
      ...noWait,
      '--origin',
      'https://app.example.com',
    ]);
    expect(own.codes).toEqual([]);
  });

  test.each<[string, () => Promise<string>, string, readonly string[]]>([
    ['signed with another secret', () => signed('x'.repeat(32), { sub: 'a', expiresInSec: 60 }), 'secret', []],
    ['the same, and the secret is known', () => signed('x'.repeat(32), { sub: 'a' }), 'secret', ['--secret', secret]],
    ['expired', () => signed(secret, { sub: 'a', expiresInSec: -3_600 }), 'token-expired', []],
    [
      'made by a clock that is ahead',
      () => signed(secret, { sub: 'a', nbf: Math.floor(Date.now() / 1_000) + 600 }),
      'clock',
      [],
    ],
    [
      'for another audience',
      () => signed(secret, { sub: 'a', aud: 'shop' }),
      'token',
      ['--secret', secret, '--token-audience', 'app'],
    ],
    ['no token at all', async () => 'hello', 'token', []],
  ])('a token that is refused: %s', async (_, make, expected, flags) => {
    const port = await server({ anonymous: false, auth: jwt({ secret, audience: 'app' }) });
    const { codes } = await doctor(port, [...noWait, '--token', await make(), ...flags]);
    expect(codes).toEqual([expected]);
  });

  test('a secret that is not the one of the server; no token where one is wanted', async () => {
    const port = await server({ anonymous: false, auth: jwt({ secret }) });
    expect((await doctor(port, [...noWait, '--secret', 'y'.repeat(32)])).codes).toEqual(['secret']);
    expect((await doctor(port, noWait)).codes).toEqual(['token-missing']);
  });

  test('a channel without a rule, and one that is not for this client', async () => {
    const port = await server({ channels: { news: channel({}), 'chat:{room}': channel({ subscribe: 'anyone' }) } });
    expect((await doctor(port, [...noWait, '--channel', 'game:1'])).codes).toEqual(['channel']);
    expect((await doctor(port, [...noWait, '--channel', 'news'])).codes).toEqual(['permission']);
    expect((await doctor(port, [...noWait, '--channel', 'chat:1', '--publish', '1'])).codes).toEqual(['permission']);
  });

  test('a draining node', async () => {
    const app = application();
    const { port } = await app.listen(0);
    // Readiness fails first; only then are clients refused.
    const closing = app.close(5_000, { delayMs: 2_500 });
    const { codes } = await doctor(port, noWait);
    expect(codes).toEqual(['draining']);
    await closing;
  });
});

describe('certificates', () => {
  test('one that is signed by itself; of an authority that is given', async () => {
    using certificate = makeCertificate();
    const { port } = await served(application(), { tls: certificate });
    const url = `https://localhost:${port}`;
    const { codes, findings } = await doctor(url, noWait);
    expect(codes).toEqual(['tls-self-signed']);
    // Nothing is sent, and above all no token, to whoever that is.
    expect(findings.some(({ station }) => station === 'websocket')).toBe(false);
    const insecure = await doctor(url, [...noWait, '--insecure']);
    expect(insecure.findings.find(({ station }) => station === 'websocket')).toMatchObject({ outcome: 'well' });
    expect((await doctor(url, [...noWait, '--ca', certificate.certFile])).codes).toEqual(['tls-expired']);
    const other = await doctor(`https://realtime.example.com:${port}`, [
      ...noWait,
      '--ca',
      certificate.certFile,
      '--resolve',
      '127.0.0.1',
    ]);
    expect(other.codes).toEqual(['tls-name']);
    expect((await doctor(`http://localhost:${port}`, noWait)).codes).toEqual(['needs-tls']);
  });

  test('TLS where there is none', async () => {
    expect((await doctor(`https://127.0.0.1:${await server()}`, noWait)).codes).toEqual(['no-tls']);
  });

  test('one that has expired, and one whose chain has a gap', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fanfare-ca-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl('req', '-x509', ...key, '-days', '90', '-subj', '/CN=Authority', '-keyout', 'ca.key', '-out', 'ca.pem');
    openssl(
      'req',
      ...key,
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
      '-keyout',
      'old.key',
      '-out',
      'old.csr',
    );
    const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copyall'];
    openssl('x509', '-req', '-in', 'old.csr', ...sign, '-days', '-1', '-out', 'old.pem');
    openssl('x509', '-req', '-in', 'old.csr', ...sign, '-days', '60', '-out', 'good.pem');
    const text = (name: string) => readFileSync(join(folder, name), 'utf8');
    const over = async (name: string) =>
      (await served(application(), { tls: { cert: text(name), key: text('old.key') } })).port;
    const ca = ['--ca', join(folder, 'ca.pem')];
    const good = await over('good.pem');
    expect((await doctor(`https://localhost:${await over('old.pem')}`, [...noWait, ...ca])).codes).toEqual([
      'tls-expired',
    ]);
    expect((await doctor(`https://localhost:${good}`, noWait)).codes).toEqual(['tls-chain']);
    expect((await doctor(`https://localhost:${good}`, [...noWait, ...ca])).codes).toEqual([]);
  });
});

test('a command line that is wrong', async () => {
  for (const args of [
    [],
    ['realtime.example.com'],
    ['http://x', '--publish', '1'],
    ['http://x', '--resolve', 'x'],
    ['http://x', '--ca', 'none.pem'],
  ]) {
    expect((await runInProcess(['doctor', ...args])).code).toBe(2);
  }
});
