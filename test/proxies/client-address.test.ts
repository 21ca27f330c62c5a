/** The address of a client as real nginx and HAProxy tell it: in headers, and in front of the first byte. */

import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { channel, fanfare } from 'fanfare';
import { describe, expect, test } from 'vitest';
import type { FanfareOptions } from '../../src/server/options.js';
import { makeCertificate } from '../support/programs/certificate.js';
import { freePort } from '../support/programs/free-port.js';
import { haproxyProgram } from '../support/programs/haproxy.js';
import { areMissing } from '../support/programs/missing.js';
import { nginxProgram, ownTempPaths } from '../support/programs/nginx.js';
import { identityPath, proxyOf, type RunningProxy } from '../support/programs/proxy-process.js';

/** What the proxies connect from. Clients have addresses of their own, all of this machine. */
const trustProxies = ['127.0.0.1'];
const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Where the client goes: the proxy's own port answers the test alone. */
interface Front extends AsyncDisposable {
  readonly port: number;
}

type Configure = (places: { readonly front: number; readonly upstream: number; readonly folder: string }) => string;

async function startNginx(upstream: number, http: Configure, stream: Configure = () => ''): Promise<Front> {
  const front = await freePort();
  const proxy = await proxyOf(nginxProgram, ({ port, folder, identity }) => {
    const places = { front, upstream, folder };
    const streams = stream(places);
    return `
${streams === '' ? '' : `load_module ${streamModule};`}
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr warn;
events {}
${streams === '' ? '' : `stream { ${streams} }`}
http {
  access_log off;
  ${ownTempPaths(folder)}
  server {
    listen 127.0.0.1:${port};
    location = ${identityPath} { return 200 "${identity}"; }
  }
  ${http(places)}
}
`;
  }).start({ upstreamPort: upstream, buffering: false });
  return at(front, proxy);
}

async function startHaproxy(upstream: number, configure: Configure): Promise<Front> {
  const front = await freePort();
  const proxy = await proxyOf(
    haproxyProgram,
    ({ port, folder, identity }) => `
global
  maxconn 1000
  noreuseport
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend self
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "${identity}" if { path ${identityPath} }
${configure({ front, upstream, folder })}
`,
  ).start({ upstreamPort: upstream, buffering: false });
  return at(front, proxy);
}

function at(port: number, proxy: RunningProxy): Front {
  return { port, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

interface Asking {
  /** Of the client. Default: 127.0.0.2. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: boolean;
}

/** Connects by HTTP streaming. Resolves with the status and the address that the server takes it for. */
async function connect(port: number, { from = '127.0.0.2', headers = {}, tls = false }: Asking = {}) {
  const agent = tls ? new SecureAgent({ rejectUnauthorized: false }) : new Agent();
  const asked = (tls ? secureRequest : request)({
    agent,
    port,
    host: '127.0.0.1',
    localAddress: from,
    method: 'POST',
    path: '/connection/http_stream',
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  asked.end('{"id":1,"connect":{}}');
  const [response] = await once(asked, 'response');
  const close = () => {
    // It may have ended by itself.
    asked.on('error', () => undefined);
    asked.destroy();
  };
  let text = '';
  for await (const chunk of response.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  const address = /"remoteAddress":"([^"]*)"/.exec(text)?.[1];
  return { status: response.statusCode as number, address, close };
}

/** Who the server takes clients for. */
async function seen(port: number, asking?: Asking): Promise<string | undefined> {
  const { address, close } = await connect(port, asking);
  close();
  return address;
}

async function start(
  options: Partial<FanfareOptions> = {},
  listen: Parameters<ReturnType<typeof fanfare>['listen']>[1] = {},
) {
  const lines: object[] = [];
  const tell = (fields: object) => lines.push(fields);
  const app = fanfare({
    auth: ({ remoteAddress }) => ({ user: 'u', data: { remoteAddress } }),
    channels: { news: channel({}) },
    trustProxies,
    log: { debug() {}, info: tell, warn: tell, error: tell },
    ...options,
  });
  const { port } = await app.listen(0, listen);
  let checks = 0;
  let onChecked = (): void => undefined;
  /** HAProxy has asked three times. */
  const checked = new Promise<void>((resolve) => {
    onChecked = resolve;
  });
  const respond = () => {
    if (++checks === 3) onChecked();
    return { status: 200, body: '' };
  };
  const internal = await app.listen(0, { clients: false, endpoints: [{ method: 'GET', path: '/check', respond }] });
  return { port, internal: internal.port, checked, lines, [Symbol.asyncDispose]: () => app.close(500) };
}

const location = (upstream: number, headers: string) => `
    location / { proxy_pass http://127.0.0.1:${upstream}; proxy_buffering off; ${headers} }`;

/** A server that sets a header of the requests that it passes on. */
const setting =
  (header: string): Configure =>
  ({ front, upstream }) =>
    `server { listen 127.0.0.1:${front}; ${location(upstream, `proxy_set_header ${header};`)} }`;

describe.skipIf(areMissing(nginxProgram.name, nginxProgram.path))('nginx', () => {
  test.each([
    ['$proxy_add_x_forwarded_for', 'X-Forwarded-For', 'X-Forwarded-For $proxy_add_x_forwarded_for'],
    ['an address with its port', 'X-Forwarded-For', 'X-Forwarded-For $remote_addr:$remote_port'],
    ['Forwarded', 'Forwarded', 'Forwarded "for=$remote_addr;proto=$scheme"'],
    ['Forwarded with a port, added', 'Forwarded', 'Forwarded "$http_forwarded, for=\\"$remote_addr:$remote_port\\""'],
  ] as const)('%s', async (_, proxyHeader, line) => {
    await using server = await start({ proxyHeader });
    await using proxy = await startNginx(server.port, setting(line));
    expect(await seen(proxy.port)).toBe('127.0.0.2');
    const forged = { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.9;x="' };
    expect(await seen(proxy.port, { headers: forged })).toBe('127.0.0.2');
    expect(server.lines).toEqual([]);
  });

  test('the header that is passed on as the client wrote it is not believed, and the log says which is missing', async () => {
    await using server = await start({ proxyHeader: 'Forwarded' });
    await using proxy = await startNginx(server.port, setting('X-Forwarded-For $remote_addr'));
    expect(await seen(proxy.port)).toBe('127.0.0.1');
    expect(server.lines).toMatchObject([{ check: 'proxy header', header: 'Forwarded', sent: 'X-Forwarded-For' }]);
  });

  test('B18: clients with ports count by address', async () => {
    await using server = await start({ limits: { maxConnectionsPerAddress: 1 } });
    await using proxy = await startNginx(server.port, setting('X-Forwarded-For $remote_addr:$remote_port'));
    const open = [await connect(proxy.port), await connect(proxy.port, { from: '127.0.0.3' })];
    expect(open.map(({ status }) => status)).toEqual([200, 200]);
    expect((await connect(proxy.port)).status).toBe(503);
    expect(server.lines).toMatchObject([{ option: 'limits.maxConnectionsPerAddress', peer: '127.0.0.2' }]);
    for (const { close } of open) close();
  });

  const withStreams = test.skipIf(areMissing('the stream module of nginx', streamModule));
  withStreams('stream with proxy_protocol: over TCP, and over TLS that ends here', async () => {
    using certificate = makeCertificate();
    for (const tls of [false, true]) {
      await using server = await start({}, { proxyProtocol: true, ...(tls && { tls: certificate }) });
      await using proxy = await startNginx(
        server.port,
        () => '',
        ({ front, upstream }) =>
          `server { listen 127.0.0.1:${front}; proxy_pass 127.0.0.1:${upstream}; proxy_protocol on; }`,
      );
      expect(await seen(proxy.port, { tls })).toBe('127.0.0.2');
    }
  });
});

describe.skipIf(areMissing(haproxyProgram.name, haproxyProgram.path))('HAProxy', () => {
  const through = (lines: string) => (places: Parameters<Configure>[0]) =>
    `
frontend public
  bind 127.0.0.1:${places.front}
  default_backend nodes
backend nodes
  ${lines}
  server one 127.0.0.1:${places.upstream}`;

  test.each([
    ['option forwardfor, behind what the client wrote', 'X-Forwarded-For', 'option forwardfor'],
    ['Forwarded', 'Forwarded', `http-request add-header Forwarded 'for="%[src]:%[src_port]";proto=http'`],
  ] as const)('%s', async (_, proxyHeader, line) => {
    await using server = await start({ proxyHeader });
    await using proxy = await startHaproxy(server.port, through(line));
    expect(await seen(proxy.port)).toBe('127.0.0.2');
    const forged = { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for="' };
    expect(await seen(proxy.port, { headers: forged })).toBe('127.0.0.2');
    expect(server.lines).toEqual([]);
  });

  const passing = (server: string) => (places: Parameters<Configure>[0]) =>
    `
listen public
  mode tcp
  bind 127.0.0.1:${places.front}
  server one 127.0.0.1:${places.upstream} ${server}`;

  test.each([
    ['version 1', 'send-proxy'],
    ['version 2', 'send-proxy-v2'],
    ['version 2 with TLVs', 'send-proxy-v2 proxy-v2-options crc32c,unique-id,authority'],
    ['version 2, asked for its health', 'send-proxy-v2 check check-send-proxy inter 50ms'],
  ])('PROXY protocol, %s', async (_, line) => {
    await using server = await start({}, { proxyProtocol: true });
    await using proxy = await startHaproxy(server.port, passing(line));
    expect(await seen(proxy.port)).toBe('127.0.0.2');
    expect(server.lines).toEqual([]);
  });

  // As docs/operations/deploying.md has it.
  test('PROXY protocol, with a check on the internal port, which knows nothing of it', async () => {
    await using server = await start({}, { proxyProtocol: true });
    const check = `send-proxy-v2 check inter 20ms fall 1 port ${server.internal}`;
    await using proxy = await startHaproxy(
      server.port,
      (places) => `${passing(check)(places)}
  option httpchk GET /check
  http-check expect status 200`,
    );
    await server.checked;
    expect(await seen(proxy.port)).toBe('127.0.0.2');
    expect(server.lines).toEqual([]);
  });

  test('PROXY protocol in front of TLS', async () => {
    using certificate = makeCertificate();
    await using server = await start({}, { proxyProtocol: true, tls: certificate });
    await using proxy = await startHaproxy(server.port, passing('send-proxy-v2'));
    expect(await seen(proxy.port, { tls: true })).toBe('127.0.0.2');
  });

  test('PROXY protocol, then a header of the proxy behind', async () => {
    await using server = await start({ trustProxies: ['127.0.0.1', '127.0.0.8'] }, { proxyProtocol: true });
    await using proxy = await startHaproxy(server.port, passing('send-proxy-v2'));
    const headers = { 'X-Forwarded-For': '203.0.113.9:4431' };
    expect(await seen(proxy.port, { from: '127.0.0.8', headers })).toBe('203.0.113.9');
    expect(await seen(proxy.port, { headers })).toBe('127.0.0.2');
  });

  test('connections without it are refused, with the option in the log; so are those of strangers', async () => {
    await using server = await start({}, { proxyProtocol: true });
    await using proxy = await startHaproxy(server.port, passing(''));
    await expect(seen(proxy.port)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(seen(server.port, { from: '127.0.0.9' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(server.lines).toMatchObject([
      { check: 'proxy protocol', peer: '127.0.0.1', reason: 'missing', option: 'proxyProtocol' },
      { check: 'proxy protocol', peer: '127.0.0.9', option: 'trustProxies' },
    ]);
  });
});
