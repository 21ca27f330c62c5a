/** Pages that may not connect: the log and the answer name the origin, the host and the option that would let them in. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type FanfareOptions, fanfare } from 'fanfare';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createViteServer } from 'vitest/node';
import { textOf } from '../support/clients/stream-peer.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { served } from '../support/servers/served.js';

async function start(options: Partial<FanfareOptions> = {}) {
  const log = new RecordedLog();
  const { port } = await served(fanfare({ anonymous: true, log, ...options }));
  return { port, warnings: () => log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields) };
}

const upgrade = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** Status and body of an upgrade, or of a plain request, that a page asks for. */
async function asked(port: number, headers: Readonly<Record<string, string>>, method = 'GET') {
  const [path, own] = method === 'GET' ? ['/connection/websocket', upgrade] : ['/connection/http_stream', {}];
  const sent = request({ host: '127.0.0.1', port, method, path, headers: { ...own, ...headers }, agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  return {
    status: response.statusCode,
    type: response.headers['x-content-type-options'],
    text: await textOf(response),
  };
}

describe.each(['GET', 'POST'])('%s', (method) => {
  test('from another host, without a list: both and the option are named, in the log and in the answer', async () => {
    const { port, warnings } = await start();
    const answer = await asked(port, { Origin: 'http://localhost:5173' }, method);
    expect(answer).toMatchObject({ status: 403, type: 'nosniff' });
    for (const named of ['http://localhost:5173', `127.0.0.1:${port}`, 'origins']) expect(answer.text).toContain(named);
    expect(warnings()).toEqual([
      {
        check: 'origin',
        origin: 'http://localhost:5173',
        host: `127.0.0.1:${port}`,
        option: 'origins',
        path: expect.stringMatching(/^\/connection\//),
        status: 403,
        peer: '127.0.0.1',
      },
    ]);
  });

  test('not in the list', async () => {
    const { port, warnings } = await start({ origins: ['https://app.example'] });
    const answer = await asked(port, { Origin: 'https://www.app.example' }, method);
    expect(answer.text).toContain('https://www.app.example');
    expect(warnings()).toMatchObject([{ origin: 'https://www.app.example', option: 'origins' }]);
  });

  test('once a minute for each origin, and made-up origins do not flood the log', async () => {
    const { port, warnings } = await start();
    for (let i = 0; i < 20; i++) await asked(port, { Origin: 'https://one.example' }, method);
    await asked(port, { Origin: 'https://two.example' }, method);
    expect(warnings().map(({ origin }) => origin)).toEqual(['https://one.example', 'https://two.example']);
  });

  test('a long origin is cut', async () => {
    const { port, warnings } = await start();
    const { text } = await asked(port, { Origin: `https://${'a'.repeat(5_000)}.example` }, method);
    expect(text.length).toBeLessThan(500);
    expect(String(warnings()[0]?.origin).length).toBeLessThanOrEqual(200);
  });
});

test('cookies without an origin, where they tell who a client is: the header that is missing is named', async () => {
  const { port, warnings } = await start({ anonymous: false, auth: () => ({ user: 'a' }) });
  expect((await asked(port, { Cookie: 'session=hunter2' })).status).toBe(403);
  expect(warnings()).toMatchObject([{ check: 'cookies', header: 'Origin' }]);
  expect(JSON.stringify(warnings())).not.toContain('hunter2');
});

test('an image of another site, which has no origin: the log says by what it was known', async () => {
  const { port, warnings } = await start();
  expect((await asked(port, { 'Sec-Fetch-Site': 'cross-site' }, 'POST')).status).toBe(403);
  expect(warnings()).toMatchObject([{ check: 'origin', fetchSite: 'cross-site', host: `127.0.0.1:${port}` }]);
});

// Its development server passes on the Origin of the page, and with `changeOrigin` another Host.
test('the proxy of Vite with changeOrigin: the log names what the page is of and where it was led', async () => {
  const { port, warnings } = await start();
  const target = `http://localhost:${port}`;
  const vite = await createViteServer({
    configFile: false,
    logLevel: 'silent',
    root: fileURLToPath(new URL('.', import.meta.url)),
    optimizeDeps: { noDiscovery: true },
    server: { host: '127.0.0.1', port: 0, proxy: { '/connection': { target, changeOrigin: true, ws: true } } },
  });
  onTestFinished(() => vite.close());
  await vite.listen();
  // safe: it listens on a port
  const vitePort = (vite.httpServer?.address() as AddressInfo | null)?.port ?? 0;
  const Origin = `http://localhost:${vitePort}`;
  const answer = await asked(vitePort, { Host: `localhost:${vitePort}`, Origin }, 'POST');
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('origins');
  expect(warnings()).toMatchObject([{ origin: Origin, host: `localhost:${port}`, option: 'origins' }]);
});

test('an application without a logger has it on the console', async () => {
  const library = new URL('../../dist/index.js', import.meta.url).href;
  const program = `
    import { fanfare } from ${JSON.stringify(library)};
    const app = fanfare({ anonymous: true });
    const { port } = await app.listen(0);
    await fetch('http://127.0.0.1:' + port + '/connection/http_stream', { method: 'POST', headers: { Origin: 'https://shop.example' } });
    await app.close(0);`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ origin: 'https://shop.example', option: 'origins' }]);
});
