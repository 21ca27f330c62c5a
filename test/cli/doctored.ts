/** Servers and proxies with one fault each, and what `fanfare doctor` says of them. They end with the test. */

import { channel, fanfare } from 'fanfare';
import { expect, onTestFinished } from 'vitest';
import { freePort } from '../support/programs/free-port.js';
import { haproxyProgram } from '../support/programs/haproxy.js';
import { nginxProgram, ownTempPaths } from '../support/programs/nginx.js';
import { identityPath, proxyOf } from '../support/programs/proxy-process.js';
import { served } from '../support/servers/served.js';
import { runInProcess } from './in-process.js';

type Options = NonNullable<Parameters<typeof fanfare>[0]>;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
export const secret = 'thirty-two bytes of a secret, k1';

export function application(options: Partial<Options> = {}) {
  return fanfare({
    anonymous: true,
    channels: { news: channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 100 } }) },
    transports: { sse: true },
    log: quiet,
    ...options,
  });
}

/** @returns the port */
export async function server(options?: Partial<Options>): Promise<number> {
  return (await served(application(options))).port;
}

/** Where a location sets one header, it gets none of those around it. */
export const host = 'proxy_set_header Host $http_host;';
export const connection = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
export const upgrade = `proxy_http_version 1.1; ${host} ${connection}`;

/** @param locations of the public server; `$up` is the address of Fanfare. @returns its port */
export async function nginx(
  upstreams: readonly number[],
  locations: string,
  listen = '127.0.0.1',
  tls = '',
): Promise<number> {
  const front = await freePort();
  const proxy = await proxyOf(
    nginxProgram,
    ({ port, folder, identity }) => `
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr crit;
events {}
http {
  access_log off;
  ${ownTempPaths(folder)}
  upstream fanfare { ${upstreams.map((upstream) => `server 127.0.0.1:${upstream} max_fails=0;`).join(' ')} }
  server { listen 127.0.0.1:${port}; location = ${identityPath} { return 200 "${identity}"; } }
  server {
    listen ${listen}:${front}${tls};
    ${locations}
  }
}
`,
  ).start({ upstreamPort: 0, buffering: false });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return front;
}

export const passing = `location / { proxy_pass http://fanfare; ${upgrade} }`;

export async function haproxy(upstreams: readonly number[], frontend: string, timeout = '60s'): Promise<number> {
  const front = await freePort();
  const proxy = await proxyOf(
    haproxyProgram,
    ({ port, identity }) => `
global
  noreuseport
defaults
  mode http
  timeout connect 2s
  timeout client ${timeout}
  timeout server ${timeout}
  timeout tunnel ${timeout}
frontend self
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "${identity}" if { path ${identityPath} }
frontend public
  bind 127.0.0.1:${front}
  ${frontend}
  default_backend nodes
backend nodes
  balance roundrobin
  ${upstreams.map((upstream, index) => `server n${index} 127.0.0.1:${upstream}`).join('\n  ')}
`,
  ).start({ upstreamPort: 0, buffering: false });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return front;
}

interface Found {
  readonly code: number | null;
  readonly isWell: boolean;
  readonly findings: readonly {
    readonly station: string;
    readonly outcome: string;
    readonly code?: string;
    readonly message: string;
    readonly remedies?: Readonly<Record<string, string>>;
  }[];
  /** Codes of faults and of warnings, in order, each once. */
  readonly codes: readonly string[];
}

export async function doctor(
  port: number | string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Found> {
  const url = typeof port === 'string' ? port : `http://127.0.0.1:${port}`;
  const { code, stdout, stderr } = await runInProcess(['doctor', url, '--json', ...flags], { env });
  expect(stderr).toBe('');
  const { isWell, findings } = JSON.parse(stdout) as Omit<Found, 'codes' | 'code'>;
  expect(code).toBe(isWell ? 0 : 1);
  return { code, isWell, findings, codes: [...new Set(findings.flatMap(({ code: fault }) => fault ?? []))] };
}

export const noWait = ['--wait', '0'];
/** Waiting ends with the first ping. */
export const limits = { pingIntervalMs: 1_500, pongTimeoutMs: 1_400 };
